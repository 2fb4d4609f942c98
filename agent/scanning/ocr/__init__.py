"""Reading text in pictures (OCR): models that come in a package, run by OpenCV on one thread, nothing fetched or sent.

`available` says whether the extra ``ocr`` is installed, without loading it; only the process that reads pictures loads
the rest: `models` finds the two networks, `engine` runs them, `decode` makes pixels of files, `page` decides where to
look first and turns what was read into lines, `zones` into passages, `repair` undoes typical confusions, and `reader`
puts it all together within a budget.
"""
