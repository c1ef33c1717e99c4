package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// charset finds an encoding by a name that IANA or browsers know. The nil encoding with a canonical
// name is one of UTF-8 and UTF-16, which are decoded more strictly here than by x/text.
func charset(name string) (encoding.Encoding, string, error) {
	folded := strings.ToLower(strings.TrimSpace(name))
	switch strings.NewReplacer("-", "", "_", "").Replace(folded) {
	case "utf8":
		return nil, "utf-8", nil
	case "utf16le":
		return nil, "utf-16le", nil
	case "utf16be":
		return nil, "utf-16be", nil
	case "utf16", "unicode", "utf32", "utf32le", "utf32be":
		return nil, "", fmt.Errorf("--encoding %q is not read; write utf-16le or utf-16be for what Excel calls Unicode text", name)
	}
	for _, find := range []func(string) (encoding.Encoding, error){ianaindex.IANA.Encoding, htmlindex.Get} {
		if e, err := find(folded); err == nil && e != nil {
			if name, err := ianaindex.IANA.Name(e); err == nil {
				folded = strings.ToLower(name)
			}
			return e, folded, nil
		}
	}
	return nil, "", fmt.Errorf("--encoding %q is no encoding that is known here; write it like windows-1252, iso-8859-15 or utf-16le", name)
}

// CheckEncoding reports whether Options.Encoding may be name.
func CheckEncoding(name string) error {
	_, _, err := charset(name)
	return err
}

// namesUTF8 reports whether name is one of UTF-8.
func namesUTF8(name string) bool {
	_, canonical, _ := charset(name)
	return canonical == "utf-8"
}

// decodeNamed reads text, without its byte order mark, in the encoding that the user names. A mark of another one is a
// contradiction, and is not resolved here.
func decodeNamed(data []byte, name, marked string) (text []byte, notice string, err error) {
	e, canonical, err := charset(name)
	if err != nil {
		return nil, "", err
	}
	if marked != "" && marked != canonical {
		return nil, "", fmt.Errorf("begins with the byte order mark of %s, but --encoding says %s; leave --encoding out", strings.ToUpper(marked), name)
	}
	switch canonical {
	case "utf-16le":
		text, err = decodeUTF16(data, binary.LittleEndian)
		return text, "", err
	case "utf-16be":
		text, err = decodeUTF16(data, binary.BigEndian)
		return text, "", err
	}
	if text, err = e.NewDecoder().Bytes(data); err != nil {
		return nil, "", fmt.Errorf("is not %s: %w", name, err)
	}
	if i := bytes.IndexRune(text, utf8.RuneError); i >= 0 {
		return nil, "", undefined(text, data, i, e, name)
	}
	if utf8.Valid(data) && !bytes.Equal(text, data) {
		notice = fmt.Sprintf("the file is valid UTF-8 but is read as %s, as --encoding says; look at its letters", name)
	}
	return text, notice, nil
}

// undefined says where the text holds what its encoding has no character for.
func undefined(text, data []byte, offset int, e encoding.Encoding, name string) error {
	what := "something"
	if _, single := e.(*charmap.Charmap); single {
		what = fmt.Sprintf("the byte 0x%02X", data[utf8.RuneCount(text[:offset])])
	}
	return fmt.Errorf("%s holds %s that %s has no character for; name the right --encoding, or %s", placeBehind(text[:offset]), what, name, saveAsUTF8)
}
