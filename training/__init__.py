"""Train, measure and export the utterance coder: ``python -m training --help``.

    corpus      reads AnnoMI and the rapport codes: utterances with soft targets and masks
    recipe      every choice of a training, in one frozen value
    network     the encoder, the sequence layer and the heads
    fitting     one training, resumable
    folds       five trainings by transcript, each saying what it makes of transcripts it never saw
    baselines   majority, TF-IDF with logistic regression, the rules that ship
    scores      F1, calibration, thresholds, intervals
    export      to ONNX, quantised, checked against the network it came from
    report      REPORT.md and the model card

It needs the extra ``training`` (torch), which the installed product does not.
"""
