"""Suite `race`: no slot is sold twice through any door (G1), and how long the racers wait for it (G2)."""

from project.bench.report import Report
from project.bench.safety import measure_control, measure_races
from project.bench.scale import RaceScale
from project.bench.world import make_world


def run(report: Report, scale: RaceScale) -> None:
    """Measure in the present database, which is new and empty."""
    world = make_world(staff=scale.staff, customers=scale.customers)
    measure_races(report, world, scale)
    measure_control(report, world, scale)
