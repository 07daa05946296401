"""One file, one public function, one stage: load, decide, act, record. Any of them can be run again without harm."""
