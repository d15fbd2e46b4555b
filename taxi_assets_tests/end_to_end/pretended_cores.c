/* Preloaded into a process, makes the machine have as many cores as PRETENDED_CORES says: for C++'s
 * std::thread::hardware_concurrency and all else that asks the C library, not for Python alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cores(void)
{
    const char *text = getenv("PRETENDED_CORES");
    return text ? atoi(text) : 1;
}

int get_nprocs(void) { return cores(); }

int get_nprocs_conf(void) { return cores(); }

long sysconf(int name)
{
    static long (*real)(int);
    if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)
        return cores();
    if (!real)
        real = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    return real(name);
}

int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    (void)pid;
    if ((size_t)cores() > 8 * size) {
        errno = EINVAL;
        return -1;
    }
    memset(set, 0, size);
    for (int core = 0; core < cores(); core++)
        CPU_SET_S(core, size, set);
    return 0;
}
