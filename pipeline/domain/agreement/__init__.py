"""How far do the people who labelled the same clips agree, and what do they agree on?

* `matching`: which event of one person is which event of another;
* `events`: how well two people agree on the events of a clip, per label;
* `choices`: how well any number of people agree on a question, by chance corrected (Krippendorff's alpha);
* `verdict`: is a clip settled, or must somebody decide;
* `consensus`: the events that a settled clip has, each with the interval in which it begins and ends.

Pure values and rules; nothing here knows who a person is: annotators are pseudonyms, compared for being different.
"""
