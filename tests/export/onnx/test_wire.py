"""Protocol buffers are read as their own library reads them, and what is none is refused."""

import pytest
from onnx import AttributeProto, StringStringEntryProto, TensorProto

from gatewise.export.onnx.wire import field_bytes, fields, varints


def test_fields_come_back() -> None:
    tensor = TensorProto(dims=[3, 0, -1, 2**40], data_type=1, name="é", raw_data=bytes(range(200)))
    found = list(fields(memoryview(tensor.SerializeToString())))
    assert [one for field in found if field.number == 1 for one in varints(field)] == [3, 0, -1, 2**40]
    held = {field.number: field.value or bytes(field.content) for field in found if field.number != 1}
    assert held == {2: 1, 8: "é".encode(), 9: bytes(range(200))}


def test_packed_numbers_come_back() -> None:
    (field,) = fields(memoryview(field_bytes(1, b"\x03\xac\x02" + b"\xff" * 9 + b"\x01")))
    assert varints(field) == [3, 300, -1]


def test_numbers_of_fixed_width_are_passed_over() -> None:
    content = AttributeProto(name="f", f=1.5, type=1).SerializeToString()
    assert [(field.number, len(field.content)) for field in fields(memoryview(content)) if field.number == 2] == [(2, 4)]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 20_000])
def test_a_written_field_is_what_the_library_writes(size: int) -> None:
    text = "x" * size
    written = field_bytes(1, text.encode()) if text else b""
    assert written == StringStringEntryProto(key=text or None).SerializeToString()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x0a", "a number ends beyond"),
        (b"\x0a\x05abc", "ends beyond its message"),
        (b"\x0a\xff\xff\xff\xff\x0f", "ends beyond its message"),
        (b"\x02\x00", "number 0"),
        (b"\x0b", "wire type 3"),
        (b"\x0d\x01\x02", "ends beyond its message"),
        (b"\x08" + b"\xff" * 11, "more than 10 bytes"),
        (b"\x08\x80", "a number ends beyond"),
    ],
)
def test_what_is_no_message_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(fields(memoryview(content)))


def test_a_field_without_numbers_has_none() -> None:
    (field,) = fields(memoryview(b"\x0d\x00\x00\x00\x00"))
    with pytest.raises(ValueError, match="holds no integers"):
        varints(field)
