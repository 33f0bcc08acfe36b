"""The demo shop: an invented shop of eight departments, in English and Chinese, with pictures drawn by code.

`python -m retrieval.demo.generate` makes the stored files from the hand-written material; `build_demo` imports them.
"""
