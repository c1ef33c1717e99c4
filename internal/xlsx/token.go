package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

const (
	maxToken = 4 << 20 // bytes of one tag or one run of text
	maxDepth = 100
	maxAttrs = 256 // of one element
	spaces   = " \t\r\n"
)

var (
	errToken = limitError(fmt.Sprintf("the XML has a text of more than %d MiB", maxToken>>20))
	errCut   = errors.New("the XML ends too early")
)

type tokenKind uint8

const (
	noToken tokenKind = iota // a comment or an instruction
	startTag
	endTag
	text
)

// attr is an attribute. The name carries its prefix.
type attr struct{ name, value []byte }

// tokenizer reads XML in UTF-8 token by token, and holds one token at a time. It returns io.EOF only behind one whole,
// balanced root element. It refuses what is not well-formed, document types, and what is beyond the limits. What name, attrs
// and data hold is good until the following call.
type tokenizer struct {
	name   []byte // of a tag, without its prefix
	prefix []byte // of a start tag
	attrs  []attr
	data   []byte // text, with its escapes resolved

	in      io.Reader
	buf     []byte
	at      int    // what lies before it in buf has been used
	root    bool   // the root element has begun
	empty   bool   // the start tag that was returned ends its element as well
	names   []byte // of the elements that are open, with their prefixes
	open    []int  // where each of these begins in names
	decoded []byte // memory for texts that hold escapes
}

func newTokenizer(in io.Reader) *tokenizer {
	return &tokenizer{in: in, buf: make([]byte, 0, 64<<10)}
}

// depth is how many elements are open; a start tag counts already, an end tag no longer.
func (t *tokenizer) depth() int { return len(t.open) }

// next reads the next tag or text.
func (t *tokenizer) next() (tokenKind, error) {
	if t.empty {
		t.empty = false
		t.pop()
		return endTag, nil
	}
	for {
		if t.depth() == 0 {
			t.at = len(t.buf) - len(bytes.TrimLeft(t.buf[t.at:], spaces+"\ufeff"))
		}
		if t.at == len(t.buf) {
			switch err := t.fill(); {
			case err == io.EOF && (t.depth() > 0 || !t.root):
				return 0, errCut
			case err != nil:
				return 0, err
			}
			continue
		}
		if kind, err := t.token(); err != nil || kind != noToken {
			return kind, err
		}
	}
}

var (
	instruction = regexp.MustCompile(`^<\?[A-Za-z_][-.:\w]*[\s?]`)
	declared    = regexp.MustCompile(`(?s)^<\?xml[^-\w].*?encoding\s*=\s*["']([^"']*)`)
)

func (t *tokenizer) token() (kind tokenKind, err error) {
	var raw []byte
	t.decoded = t.decoded[:0]
	switch {
	case t.buf[t.at] != '<' && t.depth() == 0:
		return 0, errors.New("the XML has text outside its root element")
	case t.buf[t.at] != '<':
		if raw, err = t.take(func(b []byte) int { return bytes.IndexByte(b, '<') }); err == nil {
			t.data, err = t.decode(raw, false)
		}
		if len(t.decoded) > 0 && bytes.Contains(raw, []byte("]]>")) {
			err = errors.New(`the XML has a text with "]]>"`)
		}
		return text, err
	}
	switch t.second() {
	case '!', '?':
		return t.aside()
	case '/':
		if raw, err = t.take(upTo(">", 2)); err == nil {
			err = t.endTag(raw[2 : len(raw)-1])
		}
		return endTag, err
	}
	if raw, err = t.take(tagEnd); err == nil {
		err = t.startTag(raw[1 : len(raw)-1])
	}
	return startTag, err
}

// aside reads what is neither text nor a tag.
func (t *tokenizer) aside() (kind tokenKind, err error) {
	var raw []byte
	switch {
	case t.sees("<?"):
		if raw, err = t.take(upTo("?>", 2)); err == nil && !instruction.Match(raw) {
			err = notWellFormed(raw)
		}
		if m := declared.FindSubmatch(raw); m != nil && !bytes.EqualFold(m[1], []byte("utf-8")) {
			err = fmt.Errorf("the XML is in the encoding %q; only UTF-8 is read", clip(string(m[1])))
		}
		return noToken, err
	case t.sees("<!--"):
		if _, err = t.take(upTo("--", 4)); err == nil && !t.sees(">") {
			return 0, errors.New(`the XML has a comment with "--" in it`)
		}
		t.at++
		return noToken, err
	case t.sees("<![CDATA[") && t.depth() > 0:
		if raw, err = t.take(upTo("]]>", 9)); err == nil {
			t.data, err = t.decode(raw[9:len(raw)-3], true)
		}
		return text, err
	}
	return 0, errors.New("the XML has a document type, which no workbook has")
}

// second is the byte behind the next; 0 where there is none.
func (t *tokenizer) second() byte {
	for len(t.buf)-t.at < 2 {
		if t.fill() != nil {
			return 0
		}
	}
	return t.buf[t.at+1]
}

// sees reports whether this literal comes next.
func (t *tokenizer) sees(literal string) bool {
	for len(t.buf)-t.at < len(literal) {
		if t.fill() != nil {
			return false
		}
	}
	return string(t.buf[t.at:t.at+len(literal)]) == literal
}

// take uses and returns so many bytes as end finds to belong together in what comes; end is asked again with more while it returns -1.
func (t *tokenizer) take(end func([]byte) int) ([]byte, error) {
	for {
		if n := end(t.buf[t.at:]); n >= 0 {
			t.at += n
			return t.buf[t.at-n : t.at], nil
		}
		if err := t.fill(); err == io.EOF {
			return nil, errCut
		} else if err != nil {
			return nil, err
		}
	}
}

func upTo(mark string, behind int) func([]byte) int {
	return func(b []byte) int {
		if i := bytes.Index(b[min(behind, len(b)):], []byte(mark)); i >= 0 {
			return behind + i + len(mark)
		}
		return -1
	}
}

// tagEnd finds the end of a start tag. A value may hold ">".
func tagEnd(b []byte) int {
	quote := byte(0)
	for i, c := range b {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return -1
}

// fill fills buf, in which what has been used makes room, or makes it longer. io.EOF means that nothing more comes.
func (t *tokenizer) fill() error {
	t.buf = t.buf[:copy(t.buf, t.buf[t.at:])]
	t.at = 0
	if len(t.buf) == cap(t.buf) {
		if len(t.buf) >= maxToken {
			return errToken
		}
		t.buf = append(make([]byte, 0, 2*len(t.buf)), t.buf...)
	}
	n, err := io.ReadFull(t.in, t.buf[len(t.buf):cap(t.buf)])
	t.buf = t.buf[:len(t.buf)+n]
	if err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

func (t *tokenizer) startTag(raw []byte) error {
	raw, t.empty = bytes.CutSuffix(raw, []byte("/"))
	name := raw[:nameLength(raw)]
	switch {
	case t.depth() == 0 && t.root:
		return errors.New("the XML has a second root element")
	case t.depth() >= maxDepth:
		return errors.New("the XML is nested too deeply")
	case !validName(name):
		return notWellFormed(raw)
	}
	t.root, t.attrs = true, t.attrs[:0]
	t.open, t.names = append(t.open, len(t.names)), append(t.names, name...)
	t.name = localName(name)
	t.prefix = name[:max(0, len(name)-len(t.name)-1)]
	for rest := raw[len(name):]; ; {
		bare := trimLeft(rest)
		if len(bare) == 0 {
			return nil
		}
		name := bare[:nameLength(bare)]
		value, found := bytes.CutPrefix(trimLeft(bare[len(name):]), []byte("="))
		if value = trimLeft(value); len(bare) == len(rest) || !found || !validName(name) || len(value) < 2 {
			return notWellFormed(raw)
		}
		end := bytes.IndexByte(value[1:], value[0]) + 1
		if value[0] != '"' && value[0] != '\'' || end == 0 || bytes.IndexByte(value[:end], '<') >= 0 {
			return notWellFormed(raw)
		}
		decoded, err := t.decode(value[1:end], false)
		if err != nil {
			return err
		}
		for _, a := range t.attrs {
			if bytes.Equal(a.name, name) {
				return fmt.Errorf("the XML has the attribute %q twice in one tag", clip(string(name)))
			}
		}
		if t.attrs = append(t.attrs, attr{name, decoded}); len(t.attrs) > maxAttrs {
			return fmt.Errorf("the XML has more than %d attributes in one tag", maxAttrs)
		}
		rest = value[end+1:]
	}
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && strings.IndexByte(spaces, b[0]) >= 0 {
		b = b[1:]
	}
	return b
}

func notWellFormed(tag []byte) error {
	return fmt.Errorf("the XML has a tag that is not well-formed: %q", clip(string(tag)))
}

func (t *tokenizer) endTag(name []byte) error {
	if t.depth() == 0 || !bytes.Equal(t.names[t.open[t.depth()-1]:], bytes.TrimRight(name, spaces)) {
		return fmt.Errorf("the XML closes %q, which is not the element that is open", clip(string(name)))
	}
	t.pop()
	return nil
}

func (t *tokenizer) pop() {
	last := t.open[len(t.open)-1]
	t.name = localName(t.names[last:])
	t.names, t.open = t.names[:last], t.open[:len(t.open)-1]
}

// isName and isPlain are the bytes that a name may hold, and those of a text that need no look.
var isName, isPlain = func() (name, plain [256]bool) {
	for c := range name {
		name[c] = 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte(":_-.", byte(c)) >= 0
		plain[c] = c >= ' ' && c < 0x7f && c != '&' && c != ']' || c == '\n' || c == '\t'
	}
	return name, plain
}()

func nameLength(raw []byte) (n int) {
	for n < len(raw) && isName[raw[n]] {
		n++
	}
	return n
}

// validName reports whether a name, of the ASCII letters that all names in workbooks have, begins as a name may, and has at most one prefix.
func validName(name []byte) bool {
	prefix, local, colon := bytes.Cut(name, []byte(":"))
	begins := func(s []byte) bool { return len(s) > 0 && s[0] >= 'A' }
	return begins(prefix) && (!colon || begins(local) && bytes.IndexByte(local, ':') < 0)
}

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }
