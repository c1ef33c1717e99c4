package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// The byte order marks that are told apart, the longest first: that of UTF-32 LE begins like that of UTF-16 LE.
const (
	bomUTF32LE = "\xff\xfe\x00\x00"
	bomUTF32BE = "\x00\x00\xfe\xff"
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16LE = "\xff\xfe"
	bomUTF16BE = "\xfe\xff"
)

const saveAsUTF8 = `save it as "CSV UTF-8"`

// decodeText gives the text of a CSV file as UTF-8 without a byte order mark. Nothing is guessed:
// what is neither UTF-8 nor UTF-16 is refused, since a wrong guess would be sent to the tenant.
func decodeText(data []byte) ([]byte, error) {
	var err error
	switch {
	case bytes.HasPrefix(data, []byte(bomUTF32LE)), bytes.HasPrefix(data, []byte(bomUTF32BE)):
		return nil, fmt.Errorf("is UTF-32, which is not read; %s", saveAsUTF8)
	case bytes.HasPrefix(data, []byte(bomUTF8)):
		data = data[len(bomUTF8):]
	case bytes.HasPrefix(data, []byte(bomUTF16LE)):
		data, err = decodeUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte(bomUTF16BE)):
		data, err = decodeUTF16(data[2:], binary.BigEndian)
	default:
		if order := orderByNULs(data); order != nil {
			data, err = decodeUTF16(data, order)
		}
	}
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, fmt.Errorf("line %d holds a NUL byte, so this is not a text file or it is damaged", lineAt(data, i))
	}
	if i := invalidUTF8(data); i >= 0 {
		return nil, fmt.Errorf("line %d holds the byte 0x%02X, which is not UTF-8; %s", lineAt(data, i), data[i], saveAsUTF8)
	}
	return data, nil
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
				return nil, fmt.Errorf("line %d holds half a character of UTF-16, so the file is damaged", lineAt(out, len(out)))
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

func lineAt(data []byte, offset int) int {
	return 1 + bytes.Count(data[:offset], []byte("\n"))
}
