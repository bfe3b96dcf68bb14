"""What was told of budgets before amounts were kept goes on to count."""

from datetime import date

from sqlite_utils import Database

from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.scope import Scope
from store.money import budgets as stored_budgets
from store.records import json_text

MONTH = date(2026, 11, 1)


def test_what_was_told_of_a_budget_before_is_told_of_the_amount_it_had():
    db = Database(memory=True)
    for statement in stored_budgets.SCHEMA:
        db.execute(statement)
    standing = BudgetStanding(Scope("team", "nlp"), MONTH, budget_micros=20_000_000, spent_micros=20_500_000)
    db.execute("INSERT INTO budget_marks VALUES ('team:nlp', '2026-11-01', 'full', 7, ?)", [json_text(standing)])

    for statement in stored_budgets.PER_AMOUNT:
        db.execute(statement)

    assert stored_budgets.marks_noted(db, "team:nlp", MONTH, 20_000_000) == {"full"}
    assert stored_budgets.marks_noted(db, "team:nlp", MONTH, 10_000_000) == {"full"}
    assert stored_budgets.marks_noted(db, "team:nlp", MONTH, 46_000_000) == frozenset()
    assert stored_budgets.standing_noted(db, "team:nlp", "2026-11-01", "full", None) == standing


def test_without_an_amount_what_was_noted_first_counts(store):
    def standing(micros):
        return BudgetStanding(Scope("team", "nlp"), MONTH, budget_micros=micros, spent_micros=micros)

    with store.writing() as db:
        for micros, at in ((5, 20), (7, 10), (9, 30)):
            stored_budgets.note_budget_mark(
                db, "team:nlp", MONTH, "full", micros=micros, now=at, standing=standing(micros)
            )

    db = store.reading()
    assert stored_budgets.standing_noted(db, "team:nlp", "2026-11-01", "full", None) == standing(7)
    assert stored_budgets.standing_noted(db, "team:nlp", "2026-11-01", "full", 9) == standing(9)
    assert stored_budgets.standing_noted(db, "team:nlp", "2026-11-01", "warn", None) is None
