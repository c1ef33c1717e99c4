package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// marks are the byte order marks, the longest first: that of UTF-32 LE begins like
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

// decodeText gives the text of a CSV file as UTF-8 without a byte order mark. Nothing is guessed: what is neither UTF-8 nor
// UTF-16 is refused unless the user names its encoding, since a wrong guess would be sent to the tenant. The notice, if
// any, is for the user.
func decodeText(data []byte, encoding string) (text []byte, notice string, err error) {
	mark, marked := markOf(data)
	text = data[len(mark):]
	switch order := orderByNULs(text); {
	case marked == "utf-32le" || marked == "utf-32be":
		return nil, "", fmt.Errorf("is UTF-32, which is not read; %s", saveAsUTF8)
	case encoding != "" && (!namesUTF8(encoding) || mark != "" && marked != "utf-8"):
		text, notice, err = decodeNamed(text, encoding, marked)
	case marked == "utf-16le":
		text, err = decodeUTF16(text, binary.LittleEndian)
	case marked == "utf-16be":
		text, err = decodeUTF16(text, binary.BigEndian)
	case mark == "" && encoding == "" && order != nil:
		text, err = decodeUTF16(text, order)
	case encoding == "":
		err = checkUTF8(text, saveAsUTF8+", or name its encoding, such as --encoding windows-1252")
	default:
		err = checkUTF8(text, "so --encoding "+encoding+" is wrong, or the file is damaged")
	}
	if err != nil {
		return nil, "", err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, "", fmt.Errorf("%s holds a NUL byte, so this is not a text file or it is damaged", placeBehind(text[:i]))
	}
	return text, notice, nil
}

// placeBehind is the place of the character behind a text, whose lines end with LF, CRLF or CR.
func placeBehind(text []byte) string {
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	last := bytes.LastIndexByte(text, '\n') + 1
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(text, []byte("\n")), 1+utf8.RuneCount(text[last:]))
}

// checkUTF8 refuses a byte that is not UTF-8.
func checkUTF8(text []byte, hint string) error {
	if utf8.Valid(text) {
		return nil
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("%s holds the byte 0x%02X, which is not UTF-8; %s", placeBehind(text[:i]), text[i], hint)
		}
		i += size
	}
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

// decodeUTF16 refuses half a character, in place of which golang.org/x/text would put another.
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
				return nil, fmt.Errorf("%s holds half a character of UTF-16, so the file is damaged", placeBehind(out))
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
