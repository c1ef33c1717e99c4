package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// marks are the byte order marks that are told apart, the longest first: that of UTF-32 LE begins like
// that of UTF-16 LE.
var marks = []struct{ bytes, name string }{
	{"\xff\xfe\x00\x00", "utf-32le"},
	{"\x00\x00\xfe\xff", "utf-32be"},
	{bomUTF8, "utf-8"},
	{"\xff\xfe", "utf-16le"},
	{"\xfe\xff", "utf-16be"},
}

const (
	bomUTF8    = "\xef\xbb\xbf"
	saveAsUTF8 = `save it as "CSV UTF-8"`
)

func markOf(data []byte) (mark, name string) {
	for _, m := range marks {
		if bytes.HasPrefix(data, []byte(m.bytes)) {
			return m.bytes, m.name
		}
	}
	return "", ""
}

// textOf gives the text of a CSV file as UTF-8 without a byte order mark. Nothing is guessed:
// what is neither UTF-8 nor UTF-16 is refused unless the user names its encoding, since a wrong guess
// would be sent to the tenant. The notice, if any, is for the user. The flow must be stopped.
func textOf(src *source, encoding string) (text *flow, notice string, err error) {
	head, err := src.head()
	if err != nil {
		return nil, "", err
	}
	mark, marked := markOf(head)
	var hint string
	switch {
	case encoding == "" && (marked == "utf-8" || mark == "" && orderByNULs(head) == nil):
		hint = saveAsUTF8 + ", or name its encoding, such as --encoding windows-1252"
	case encoding != "" && (marked == "utf-8" || mark == "") && namesUTF8(encoding):
		hint = "so --encoding " + encoding + " is wrong, or the file is damaged"
	default:
		data, err := src.all()
		if err != nil {
			return nil, "", err
		}
		whole, notice, err := decodeText(data, encoding)
		if err != nil {
			return nil, "", err
		}
		var ends cleanEnds
		return flowOf(ends.unify(new([]byte), whole)), notice, nil
	}
	if _, err := io.CopyN(io.Discard, src, int64(len(mark))); err != nil {
		return nil, "", err
	}
	return newFlow(src, &cleaner{hint: hint}), "", nil
}

// decodeText decodes what is not UTF-8.
func decodeText(data []byte, encoding string) (text []byte, notice string, err error) {
	mark, name := markOf(data)
	switch {
	case name == "utf-32le" || name == "utf-32be":
		return nil, "", fmt.Errorf("is UTF-32, which is not read; %s", saveAsUTF8)
	case encoding != "":
		text, notice, err = decodeNamed(data, encoding, mark, name)
	case name == "utf-16le":
		text, err = decodeUTF16(data[len(mark):], binary.LittleEndian)
	case name == "utf-16be":
		text, err = decodeUTF16(data[len(mark):], binary.BigEndian)
	default:
		text, err = decodeUTF16(data, orderByNULs(data))
	}
	if err != nil {
		return nil, "", err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, "", errNUL(place{}.of(text[:i]))
	}
	return text, notice, nil
}

// orderByNULs recognises UTF-16 without a byte order mark: western text has a NUL in nearly every
// pair of bytes, and nearly always on the same side. It returns nil for anything else.
func orderByNULs(data []byte) binary.ByteOrder {
	head := data[:min(len(data), 64<<10)&^1]
	var nuls [2]int
	for i, b := range head {
		if b == 0 {
			nuls[i%2]++
		}
	}
	most := len(head) / 2
	switch {
	case nuls[0]*10 < nuls[1] && nuls[1]*2 > most:
		return binary.LittleEndian
	case nuls[1]*10 < nuls[0] && nuls[0]*2 > most:
		return binary.BigEndian
	}
	return nil
}

func decodeUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, errors.New("is UTF-16 with an odd number of bytes, so it was cut or damaged")
	}
	out := make([]byte, 0, len(data)/2+len(data)/8)
	for i := 0; i < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+4 <= len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				line, column := place{}.of(out)
				return nil, fmt.Errorf("line %d, column %d holds half a character of UTF-16, so the file is damaged", line, column)
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
