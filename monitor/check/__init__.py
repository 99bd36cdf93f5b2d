"""One check, stage by stage: gate, collect, probe, record, run, outputs."""
