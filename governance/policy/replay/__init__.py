"""What a draft of the policy would have decided on recorded traffic.

`traffic` reads what was said from the record, `kept` asks the floor above for texts that lie there, `comparing` judges a text
twice and says what is different, `tally` adds it up, `work` does that in stretches which a worker may die between, and
`runs` is what people start, watch, stop and sign off.
"""
