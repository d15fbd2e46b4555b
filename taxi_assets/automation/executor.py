"""The executor of all jobs: the steps of a run in one process, which gives a heartbeat while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from dagster import DagsterEvent, Executor, ExecutorDefinition, InitExecutorContext, in_process_executor
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.execution.step_dependency_config import StepDependencyConfig

from taxi_assets.automation.month_tag import MONTH_TAG, month_tag
from taxi_assets.automation.run_heartbeat import beating


class HeartbeatExecutor(Executor):
    """Has another executor do the work, and tells Dagster's storage meanwhile that the run's process lives.

    A run that was not queued (`dagster job execute`) gets the tag of its month here, so that the queue sees it.
    """

    def __init__(self, worker: Executor) -> None:
        self._worker = worker

    @property
    def retries(self) -> RetryMode:
        return self._worker.retries

    @property
    def step_dependency_config(self) -> StepDependencyConfig:
        return self._worker.step_dependency_config

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        instance, run = plan_context.instance, plan_context.dagster_run
        with beating(instance, run.run_id):
            if MONTH_TAG not in run.tags and (tag := month_tag(run)):
                instance.add_run_tags(run.run_id, tag)
            yield from self._worker.execute(plan_context, execution_plan)


def _executor(context: InitExecutorContext) -> Executor:
    make = cast("Callable[[InitExecutorContext], Executor]", in_process_executor.executor_creation_fn)
    return HeartbeatExecutor(make(context))


# Without a process for each step five steps start in 0.5 s, not 20; and a killed run leaves no step running.
heartbeat_executor = ExecutorDefinition(
    name=in_process_executor.name,
    config_schema=in_process_executor.config_schema.as_field(),
    executor_creation_fn=_executor,
    description="Executes all steps of a run in a single process, which gives a heartbeat.",
)
"""Dagster's in-process executor with a heartbeat; its run config is the same."""
