"""Modules and functions stay small enough to be read once and believed."""

from __future__ import annotations

import ast
from statistics import median, quantiles

from architecture.tree import functions, modules_of_tests, other_modules, source_modules

LONGEST_MODULE = 400
MEDIAN_MODULE = 150
NINE_IN_TEN_FUNCTIONS = 30


def test_no_module_is_longer_than_400_lines() -> None:
    modules = [*source_modules(), *modules_of_tests(), *other_modules()]

    assert {each.place: each.line_count for each in modules if each.line_count > LONGEST_MODULE} == {}


def test_the_median_module_of_the_product_is_under_150_lines() -> None:
    assert median(each.line_count for each in source_modules() if each.line_count) < MEDIAN_MODULE


def test_nine_in_ten_functions_of_the_product_are_at_most_30_lines_long() -> None:
    lengths = [_length(function) for module in source_modules() for function in functions(module)]

    assert quantiles(lengths, n=10)[-1] <= NINE_IN_TEN_FUNCTIONS


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1
