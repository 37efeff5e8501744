"""Reads HL7 messages with python-hl7, for comparison. One line of JSON in, one line out.

First the messages and the fields to read; the answer is the list of the messages that it reads. Then, for every
further line, one timed round over those; the answer is the seconds it took.
"""

import gc
import json
import sys
import time

import hl7


def read(message, fields):
    parsed = hl7.parse(message)
    for segment, field, component in fields:
        try:
            # the first segment of that name, its first repetition
            value = parsed.segment(segment)(field)
            if isinstance(value, hl7.Container):
                repetition = value(1)
                if isinstance(repetition, hl7.Container):
                    repetition(component)
        except (KeyError, IndexError):
            # a segment or field that is not there
            pass


def main():
    task = json.loads(sys.stdin.readline())
    messages, fields = task["messages"], task["fields"]
    takes = []
    for number, message in enumerate(messages):
        try:
            read(message, fields)
            takes.append(number)
        except Exception:  # whatever it does not read is not compared
            pass
    print(json.dumps(takes), flush=True)
    messages = [messages[number] for number in takes]
    for _ in sys.stdin:
        gc.collect()
        began = time.perf_counter()
        for message in messages:
            read(message, fields)
        print(json.dumps(time.perf_counter() - began), flush=True)


main()
