/* A calendar that is CLOCK_OFFSET seconds ahead, for a process and its children: preloaded by clock.py.

   Only the calendar moves. The monotonic clock, by which programs wait, stays as it is; a deadline that was made of the
   moved calendar is moved back before the system sees it. Files written since CLOCK_SINCE (seconds since 1970) have
   times of the moved calendar as well; older ones, code among them, keep theirs, or Python would compile everything anew.

   libfaketime does not do here: its release 0.9.10 makes time.sleep of Python 3.11 fail (clock_nanosleep: EINVAL) or
   Event.wait hang (sem_clockwait), and does not know stat64. */

#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t offset, since;

__attribute__((constructor)) static void start(void) {
    const char *seconds = getenv("CLOCK_OFFSET"), *from = getenv("CLOCK_SINCE");
    offset = seconds ? atoll(seconds) : 0;
    since = from ? atoll(from) : 0;
}

/* Of the function that stands behind ours. */
#define REAL(name) ((__typeof__(name) *)real(#name))

static void *real(const char *name) {
    /* Before 2.3.2 a condition was another structure; without a version the linker gives the oldest function. */
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found ? found : dlsym(RTLD_NEXT, name);
}

/* Now. */

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    (void)zone;
    struct timespec found;
    int failed = clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}

/* Deadlines. One of the monotonic clock, which counts from the machine's start, is years below any date. */

static struct timespec moved_back(const struct timespec *deadline) {
    struct timespec found = *deadline;
    if (found.tv_sec > since) found.tv_sec -= offset;
    return found;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline) {
    struct timespec found = moved_back(deadline);
    return REAL(pthread_cond_timedwait)(condition, mutex, &found);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *deadline) {
    struct timespec found = moved_back(deadline);
    return REAL(sem_timedwait)(semaphore, &found);
}

/* Times of files. */

static void move(struct timespec *moment) {
    if (moment->tv_sec >= since) moment->tv_sec += offset;
}

static int moved(int failed, struct stat64 *file) {
    if (!failed) move(&file->st_mtim), move(&file->st_atim), move(&file->st_ctim);
    return failed;
}

int stat64(const char *path, struct stat64 *file) { return moved(REAL(stat64)(path, file), file); }

int lstat64(const char *path, struct stat64 *file) { return moved(REAL(lstat64)(path, file), file); }

int fstat64(int descriptor, struct stat64 *file) { return moved(REAL(fstat64)(descriptor, file), file); }

int fstatat64(int folder, const char *path, struct stat64 *file, int flags) {
    return moved(REAL(fstatat64)(folder, path, file, flags), file);
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
    struct timespec found[2];
    for (int each = 0; times && each < 2; each++) found[each] = moved_back(&times[each]);
    return REAL(utimensat)(folder, path, times ? found : NULL, flags);
}

int futimens(int descriptor, const struct timespec times[2]) {
    struct timespec found[2];
    for (int each = 0; times && each < 2; each++) found[each] = moved_back(&times[each]);
    return REAL(futimens)(descriptor, times ? found : NULL);
}
