"""The faults of issue 9 as fixed cases, before the random ones."""
import named_damage
import named_http

# Numbers of cases are places in this list: what is new goes to its end.
CASES = named_http.CASES + named_damage.CASES
