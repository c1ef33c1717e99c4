package xlsx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// ownTokens reads a document by the tokenizer, a line a token; neighbouring texts are one.
func ownTokens(in io.Reader) (string, error) {
	t := newTokenizer(in)
	var b strings.Builder
	for texts := false; ; {
		kind, err := t.next()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		if texts && kind != text {
			b.WriteString("\"\n")
		} else if !texts && kind == text {
			b.WriteString(`"`)
		}
		switch texts = kind == text; kind {
		case startTag:
			fmt.Fprintf(&b, "<%s", t.name)
			for _, a := range t.attrs {
				fmt.Fprintf(&b, " %s=%q", a.name, a.value)
			}
			b.WriteByte('\n')
		case endTag:
			fmt.Fprintf(&b, ">%s\n", t.name)
		case text:
			fmt.Fprintf(&b, "%x", t.data)
		}
	}
}

// goTokens reads a document by encoding/xml, and checks that its elements balance under one root.
func goTokens(doc []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var b strings.Builder
	var open []xml.Name
	roots := 0
	for texts := false; ; {
		tok, err := d.RawToken()
		if err == io.EOF && len(open) == 0 && roots == 1 {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		_, isText := tok.(xml.CharData)
		if isText && len(open) == 0 {
			if len(bytes.Trim(tok.(xml.CharData), spaces+"\ufeff")) > 0 {
				return "", errors.New("text outside")
			}
			continue
		}
		switch tok.(type) {
		case xml.Comment, xml.ProcInst:
			continue
		case xml.Directive:
			return "", errors.New("directive")
		}
		if texts && !isText {
			b.WriteString("\"\n")
		} else if !texts && isText {
			b.WriteString(`"`)
		}
		texts = isText
		switch tok := tok.(type) {
		case xml.StartElement:
			if len(open) == 0 {
				roots++
			}
			open = append(open, tok.Name)
			fmt.Fprintf(&b, "<%s", tok.Name.Local)
			for _, a := range tok.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				fmt.Fprintf(&b, " %s=%q", name, a.Value)
			}
			b.WriteByte('\n')
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != tok.Name {
				return "", errors.New("unbalanced")
			}
			open = open[:len(open)-1]
			fmt.Fprintf(&b, ">%s\n", tok.Name.Local)
		case xml.CharData:
			fmt.Fprintf(&b, "%x", []byte(tok))
		}
	}
}

// stricter is what the tokenizer refuses and encoding/xml does not.
var stricter = []string{"not well-formed", "twice in one tag", "attributes in one tag", "nested too deeply", "second root", "in the encoding", "is not the element that is open", "text outside", "document type", `unknown entity "&#`}

func checkTokens(t *testing.T, doc []byte) (accepted bool) {
	t.Helper()
	got, err := ownTokens(bytes.NewReader(doc))
	if again, err2 := ownTokens(iotest.OneByteReader(bytes.NewReader(doc))); again != got || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("%q: byte by byte it is\n%s%v, at once\n%s%v", doc, again, err2, got, err)
	}
	want, wantErr := goTokens(doc)
	switch {
	case err == nil && wantErr != nil && !strings.Contains(wantErr.Error(), "unsupported version"):
		t.Fatalf("%q is accepted, but not by encoding/xml: %v", doc, wantErr)
	case err == nil && wantErr == nil && got != want:
		t.Fatalf("%q: got\n%s, encoding/xml reads\n%s", doc, got, want)
	case err != nil && wantErr == nil:
		for _, reason := range stricter {
			if strings.Contains(err.Error(), reason) {
				return false
			}
		}
		t.Fatalf("%q is refused (%v), but not by encoding/xml", doc, err)
	}
	return err == nil
}

var documents = []string{
	`<a/>`, `<a></a >`, "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a b=\"1\" c = 'x\">y' d:e=\"&lt;&#65;&#x42;\"/>\n", `<a><b>x</b>y<c/>z</a>`,
	"<a>a\r\nb\rc&amp;&quot;&apos;&gt;é\u20ac😀</a>", `<a><![CDATA[<b>&amp;]] ]]>x<!-- c --><?p q?></a><!-- d -->`, `<p:a xmlns:p="q"><p:b/></p:a>`, `<a b="x&#10;y" _c="é"/>`,
	`<a>]]</a>`, `<a>x</a><!--x-->` + "\n",
}

var notDocuments = []string{
	``, `x`, `<a>`, `</a>`, `<a></b>`, `<a/><b/>`, `<a/>x`, `<a b/>`, `<a b=c/>`, `<a b="1" b="2"/>`, `<a b="1"c="2"/>`, `<a b="<"/>`, `<a b="1/>`, `< a/>`, `<1/>`, `<a:/>`, `<:a/>`, `<a:b:c/>`, `<é/>`, `<a>&x;</a>`,
	`<a>&#0;</a>`, `<a>&#xD800;</a>`, `<a>&#x110000;</a>`, `<a>&#;</a>`, `<a>&amp</a>`, `<a>&</a>`, "<a>\xff</a>", "<a>\x01</a>", "<a>\uffff</a>", "<a>\x00</a>", `<a>]]></a>`, `<a><!-- -- --></a>`, `<a><!--></a>`, `<a><![CDATA[x</a>`, `<![CDATA[x]]><a/>`,
	`<!DOCTYPE a><a/>`, `<a><!x></a>`, `<?xml version="1.0" encoding="latin1"?><a/>`, `<a`, `<a b="`, `<`, `<a><`, `<a/`, "\xff\xfe<\x00a\x00/\x00>\x00", `<a/ >`, `<a><b></a></b>`, `<?xml`,
}

func TestTokens(t *testing.T) {
	for _, doc := range documents {
		if !checkTokens(t, []byte(doc)) {
			t.Errorf("%q is refused", doc)
		}
	}
	for _, doc := range notDocuments {
		if checkTokens(t, []byte(doc)) {
			t.Errorf("%q is accepted", doc)
		}
	}
}

func TestTokenLimits(t *testing.T) {
	for name, doc := range map[string]string{
		"a long text":         "<a>" + strings.Repeat("x", maxToken+1) + "</a>",
		"a long value":        `<a b="` + strings.Repeat("x", maxToken+1) + `"/>`,
		"a long comment":      "<a><!--" + strings.Repeat("x", maxToken+1) + "--></a>",
		"a long name":         "<" + strings.Repeat("x", maxToken+1) + "/>",
		"many attributes":     "<a" + strings.Repeat(` b="1"`, maxAttrs+1) + "/>",
		"different ones":      "<a" + manyAttrs() + "/>",
		"elements in another": strings.Repeat("<a>", maxDepth+1) + strings.Repeat("</a>", maxDepth+1),
	} {
		if _, err := ownTokens(strings.NewReader(doc)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for name, doc := range map[string]string{
		"a long text":         "<a>" + strings.Repeat("x", maxToken-1000) + "</a>",
		"elements in another": strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth),
	} {
		if _, err := ownTokens(strings.NewReader(doc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func manyAttrs() string {
	var b strings.Builder
	for i := range maxAttrs + 1 {
		fmt.Fprintf(&b, ` b%d="1"`, i)
	}
	return b.String()
}

// FuzzTokens: what is accepted is what encoding/xml reads, and what that reads is accepted but for what is not well-formed.
func FuzzTokens(f *testing.F) {
	for _, doc := range append(documents, notDocuments...) {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { checkTokens(t, doc) })
}
