"""What listens on the door's address: agents, health and metrics, calendars, runs, and Slack where it comes by HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.applications import Starlette

from bot.domain.machines.readings import Delivery
from bot.jobs.schedule import Schedule
from bot.jobs.worker import Worker
from bot.services.context import Context
from bot.services.machines import readings
from bot.services.sharing import calendar, runs
from bot.telemetry.calendar_door import CalendarDoor
from bot.telemetry.deliveries import Outcome, Receipt
from bot.telemetry.door import door
from bot.telemetry.runs_door import RunsDoor
from bot.telemetry.serving import DoorServer
from bot.telemetry.tls import Certificates
from bot.watching import ClockOff, OtherBots, SlackSilence, Worries, bot_health, bot_metrics, nobody_told
from handlers import http, listen
from store.machines import agents

MONITORING = ("/metrics", "/openapi.json")


@dataclass(frozen=True, slots=True)
class HealthInputs:
    """What health and metrics are told of, beside the database."""

    schedule: Schedule
    silence: SlackSilence
    workers: Sequence[Worker] = ()
    off: ClockOff = nobody_told
    worries: Sequence[Worries] = ()
    others: OtherBots = nobody_told


def door_app(ctx: Context, slack_app: listen.SlackApp, seen: HealthInputs, *, slack_http: bool) -> Starlette:
    """What listens on the door's address: the door, and Slack's requests when they come by HTTP."""
    runs_door = RunsDoor(
        lambda sha256: agents.host_of(ctx.store.reading(), sha256),
        lambda host: runs.runs_for_agent(ctx.current(), host),
        lambda host, run_id, seen: runs.take_run_report(ctx.current(), host, run_id, seen),
        ctx.clock,
    )
    app = door(
        lambda deliveries: _receive(ctx.current(), deliveries),
        lambda sha256: agents.host_of(ctx.store.reading(), sha256),
        lambda: bot_health(
            ctx.current(),
            seen.schedule,
            seen.silence,
            seen.workers,
            seen.off,
            lambda: [said for worries in seen.worries for said in worries()],
        ),
        metrics=lambda: bot_metrics(ctx.current(), seen.schedule, seen.silence, seen.off, seen.others),
        more=[*runs_door.routes(), *_calendars(ctx).routes()],
        clock=ctx.clock,
    )
    if slack_http:
        app.router.routes.insert(0, http.route(slack_app.app))
    return app


def listening(ctx: Context, app: Starlette) -> DoorServer:
    """What listens for agents, and beside it for monitoring where that has its own address. Raises Unreachable."""
    door_settings, metrics = ctx.settings.door, ctx.settings.metrics
    monitoring, certificates = None, None
    if metrics.port is not None:
        monitoring = DoorServer(_monitoring_apart(app), metrics.host, metrics.port)
    if door_settings.certificate:
        certificates = Certificates(door_settings.certificate, door_settings.key, door_settings.client_authority)
    return DoorServer(app, door_settings.host, door_settings.port, certificates=certificates, beside=monitoring)


def _monitoring_apart(app: Starlette) -> Starlette:
    """Take off the door's address what only monitoring needs, for an application of its own; both tell of health."""
    routes = {str(getattr(route, "path", "")): route for route in app.router.routes}
    handlers = dict(app.exception_handlers)
    for path in MONITORING:
        app.router.routes.remove(routes[path])
    return Starlette(routes=[routes[path] for path in (*MONITORING, "/healthz")], exception_handlers=handlers)


def _calendars(ctx: Context) -> CalendarDoor:
    return CalendarDoor(lambda sha256: calendar.calendar_feed(ctx.current(), sha256))


def _receive(ctx: Context, deliveries: Sequence[Delivery]) -> list[Outcome]:
    return [
        outcome if isinstance(outcome, Exception) else Receipt(outcome, not outcome and bool(delivery.push.minutes))
        for delivery, outcome in zip(deliveries, readings.receive_group(ctx, deliveries), strict=True)
    ]
