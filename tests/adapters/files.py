"""Small files of other tools' formats, written for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DOMAIN = """\
name: cars
type: DiscreteCartesianOutcomeSpace
issues:
- name: radio
  type: CategoricalIssue
  values: [yes, no]
- name: doors
  type: CategoricalIssue
  values: [2, 4]
- name: price
  type: ContiguousIssue
  values: [0, 10]
"""
BUYER = """\
name: buyer
type: LinearAdditiveUtilityFunction
reserved_value: -.inf
weights: [0.5, 0.25, 0.25]
values:
- {type: TableFun, mapping: {yes: 0.8, no: 0.2}}
- {type: TableFun, mapping: {2: 0.0, 4: 1.0}}
- {type: AffineFun, slope: -0.1, bias: 1.0}
"""
SELLER = """\
name: seller
type: ExpDiscountedUFun
discount: 0.9
dynamic_reservation: false
reserved_value: 0.3
ufun:
  type: LinearAdditiveUtilityFunction
  reserved_value: 0.1
  weights: [0.2, 0.2, 0.6]
  values:
  - {type: TableFun, mapping: {yes: 0.0, no: 0.5}}
  - {type: TableFun, mapping: {2: 1.0, 4: 0.0}}
  - {type: AffineFun, slope: 0.1, bias: 0.0}
"""
NEGMAS = {"a-domain.yml": DOMAIN, "buyer.yml": BUYER, "seller.yml": SELLER}

GENIUS_DOMAIN = """<!-- made by hand --><?xml version="1.0" encoding="UTF-8"?>
<negotiation_template><utility_space number_of_issues="3">
<objective index="0" etype="objective" type="objective" name="all">
 <issue index="1" name="colour" type="discrete" vtype="discrete" etype="discrete">
  <item index="1" value="red" cost="3"/><item index="2" value="green"/><item index="3" value="red"/></issue>
 <objective index="2" name="rest" type="objective">
  <issue index="3" name="amount" type="integer" vtype="integer" lowerbound="10" upperbound="20"/>
  <issue index="5" name="share" type="real" vtype="real" lowerbound="0" upperbound="2"/>
 </objective>
</objective></utility_space></negotiation_template>
"""
GENIUS_ONE = """<?xml version="1.0"?>
<utility_space number_of_issues="3">
<reservation value="0.1"/>
<objective index="0" etype="objective" type="objective" name="all">
 <issue index="1" name="colour" type="discrete">
  <item index="1" value="red" evaluation="4"/><item index="2" value="green" evaluation="1"/></issue>
 <objective index="2" name="rest" type="objective">
  <issue index="3" name="amount" type="integer" lowerbound="10" upperbound="20">
   <evaluator ftype="linear" offset="0.5" slope="0.1"/></issue>
  <issue index="5" name="share" type="real" lowerbound="0" upperbound="2">
   <evaluator ftype="triangular" parameter0="0" parameter1="2" parameter2="0.5"/></issue>
  <weight index="3" value="0.25"/><weight index="5" value="0.75"/>
 </objective>
 <weight index="1" value="0.6"/><weight index="2" value="0.4"/>
</objective>
<discount_factor value="0.5"/>
</utility_space>
"""
GENIUS_TWO = """<utility_space>
<objective index="0" name="all">
 <weight index="1" value="0.5"/><weight index="2" value="0.5"/>
 <issue index="1" name="colour" type="discrete"><item index="2" value="green" evaluation="8"/>
  <item index="1" value="red" evaluation="2"/></issue>
 <objective index="2" name="rest" type="objective">
  <issue index="3" name="amount" type="integer"><evaluator ftype="linear" offset="1" slope="-0.1"/></issue>
  <issue index="5" name="share" type="real"><evaluator ftype="linear" parameter0="1" parameter1="-0.5"/></issue>
  <weight index="3" value="0.5"/><weight index="5" value="0.5"/>
 </objective>
</objective></utility_space>
"""
GENIUS = {"domain.xml": GENIUS_DOMAIN, "one.xml": GENIUS_ONE, "two.xml": GENIUS_TWO}

NONLINEAR = """<utility_space type="nonlinear" number_of_issues="2">
<objective index="0" name="all">
 <issue index="1" name="a" type="integer" lowerbound="0" upperbound="3"/>
 <issue index="2" name="b" type="integer" lowerbound="0" upperbound="3"/>
 <utility maxutility="{top}"><ufun type="PlainUfun" weight="1" aggregation="{how}">
  <hyperRectangle utility="4"><INCLUDES index="1" min="1" max="2"/><INCLUDES index="2" min="2" max="3"/></hyperRectangle>
  <hyperRectangle utility="3" weight="2"><INCLUDES index="2" min="0" max="0"/></hyperRectangle>
  <hyperRectangle utility="1"><EXCLUDES index="1" min="0" max="1"/></hyperRectangle>
  <hyperRectangle utility="0.5"/>
 </ufun></utility>
</objective></utility_space>
"""

WEB_DOMAIN = (
    '{"name": "jobs", "issuesValues": {"days": {"values": ["four", "five"]},'
    ' "pay": {"range": ["12.2", "12.8", "0.3"]}}}'
)
WEB_ONE = (
    '{"LinearAdditiveUtilitySpace": {"domain": ' + WEB_DOMAIN + ', "name": "worker", "issueUtilities":'
    ' {"days": {"discreteutils": {"valueUtilities": {"four": 1.0, "five": 0.25}}},'
    ' "pay": {"numberutils": {"lowValue": 12.2, "lowUtility": 0.0, "highValue": "12.8", "highUtility": 1.0}}},'
    ' "issueWeights": {"days": 0.4, "pay": 0.6}, "reservationBid": {"issuevalues": {"pay": "12.5"}}}}'
)
WEB_TWO = (
    '{"LinearAdditiveUtilitySpace": {"domain": ' + WEB_DOMAIN + ', "name": "firm", "issueUtilities":'
    ' {"days": {"discreteutils": {"valueUtilities": {"four": 0.0, "five": 1.0}}},'
    ' "pay": {"numberutils": {"lowValue": 12.2, "lowUtility": 1.0, "highValue": 12.8, "highUtility": 0.0}}},'
    ' "issueWeights": {"days": 0.5, "pay": 0.5}}}'
)
GENIUSWEB = {"firm.json": WEB_TWO, "jobs.json": WEB_DOMAIN, "worker.json": WEB_ONE}

NEGOLOG = {
    "profileA.json": '{"reservationValue": 0.2, "issueWeights": {"x": 0.7, "y": 0.3},'
    ' "issues": {"x": {"a": 1, "b": 0}, "y": {"c": 0.5, "d": 1}}}',
    "profileB.json": '{"reservationValue": 0.0, "issueWeights": {"x": 0.4, "y": 0.6},'
    ' "issues": {"x": {"a": 0, "b": 1}, "y": {"c": 1, "d": 0}}}',
    "specs.json": '{"Nash": [0.5, 0.5]}',
}

SHEET = """\
Issue,Option,Union,Firm,
Wage,3%,0,40,
,4%,"20,5",20,
,5%,"1,000",(10),
Holiday,20 days,0,,
,25 days,10,0,
Total,,30,60,
BATNA,,15,25,
"""
KTAB = """\
Reform ,"A scenario",3,2,
Actor,Description,Power,Policy Position,Policy Salience,Pace Position,Pace Salience,
A,First, 100, 30, 40, 10, 60,
B,Second,  50.5, 90, 100, 20, 0,
A,Third,  25, 50, 50, 55, 50,
"""
NFG = """\
NFG 1 R "A game" { "Row" "Column" }
{ { "up" "down" } { "left" "right" "far" } }
""
1 2 3/2 4 5 6 7 8 9.5 10 -1e1 12
"""
NFG_OUTCOMES = """\
NFG 1 D "By number" { "Row" "Column" } { 2 2 } { { "both" 3, 3 } { "one" 0, 5 } } 1 2 0 1
"""


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files into a folder."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
