package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	removed        = "(removed)"
	shortestSecret = 8 // a shorter one could be part of any word
	shortestTail   = 4 // of a secret at the end of what was cut, that is removed
	mostSecrets    = 64
)

// scrubber removes secrets from text: those that it was told, in any of the forms in which they are likely to be repeated,
// and whatever looks like one. Safe for concurrent use.
type scrubber struct {
	mu     sync.RWMutex
	known  []string // secrets, the latest last
	forms  []string // of all that are known, longest first
	parsed *strings.Replacer
}

// learn adds a secret. Of a run whose token changes more often than 64 times the oldest are forgotten.
func (s *scrubber) learn(secret string) {
	if len(secret) < shortestSecret {
		return
	}
	s.mu.RLock()
	have := slices.Contains(s.known, secret)
	s.mu.RUnlock()
	if have {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(slices.Clone(s.known), secret)
	s.known = s.known[max(0, len(s.known)-mostSecrets):]
	s.forms = nil
	for _, k := range s.known {
		s.forms = append(s.forms, formsOf(k)...)
	}
	slices.SortFunc(s.forms, func(a, b string) int { return len(b) - len(a) })
	s.forms = slices.Compact(s.forms)
	pairs := make([]string, 0, 2*len(s.forms))
	for _, f := range s.forms {
		pairs = append(pairs, f, removed)
	}
	s.parsed = strings.NewReplacer(pairs...)
}

// formsOf are the ways in which a secret may be written: as it is, escaped, in hex, in base64 whatever stands before it,
// and each part of a token that has parts.
func formsOf(secret string) []string {
	texts := []string{secret}
	if parts := strings.Split(secret, "."); len(parts) > 1 {
		for _, part := range parts {
			if len(part) >= shortestToken {
				texts = append(texts, part)
			}
		}
	}
	var forms []string
	for _, t := range texts {
		marshalled, _ := json.Marshal(t) // of a string there is no error
		quoted := unescaped(string(marshalled))
		inHex := hex.EncodeToString([]byte(t))
		forms = append(forms, t, url.QueryEscape(t), url.PathEscape(t), html.EscapeString(t), strings.ReplaceAll(t, "+", "&#43;"),
			quoted[1:len(quoted)-1], unescaped(t), inHex, strings.ToUpper(inHex))
		forms = append(forms, inBase64(t)...)
	}
	return slices.DeleteFunc(forms, func(f string) bool { return len(f) < shortestSecret })
}

// inBase64 are the letters that stand in base64 for the text and nothing beside it, for each of the three places at which it
// may begin in a group.
func inBase64(text string) []string {
	var forms []string
	for before := range 3 {
		data := append(make([]byte, before), text...)
		from, to := (before*8+5)/6, len(data)*8/6
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, enc.EncodeToString(data)[from:to])
		}
	}
	return forms
}

const secretNames = `client_?secret|client_?assertion|assertion|password|passwd|pwd|(?:refresh|access|id|bearer|sas)_?token|device_?code|secret|api_?key|sas|sig|signature|authorization|proxy-authorization|cookie|set-cookie`

var (
	escapedLetter = pattern(`(?i)\\+u00(2[013-9a-f]|[3-46-7][0-9a-f]|5[0-9abd-f])`)
	// looksLikeJWT is a token or an assertion, or the part of one that a cut left.
	looksLikeJWT = pattern(`eyJ[A-Za-z0-9_=-]{8,}(?:\.[A-Za-z0-9_=-]*)*`)
	bearer       = pattern(`(?i)\b(bearer|sharedaccesssignature)(\s+|%20|\+)[^\s"'<>\\,;]{8,}`)
	member       = pattern(`(?i)("(?:` + secretNames + `)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\])`)
	nestedMember = pattern(`(?i)(\\+"(?:` + secretNames + `)\\+"\s*:\s*\\+")(?:[^"\\]|\\\\\\"|\\\\[^"])*`)
	parameter    = pattern(`(?i)(^|[?&;\s"'<>])((?:` + secretNames + `)(?:=|%3d))[^&;\s"'<>\\]+`)
	echoedHeader = pattern(`(?im)\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*[:=]\s*)([^\r\n<"'\\{\[]+)`)
)

// pattern is a regular expression that is compiled when it is first used: most runs need none of these.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// unescaped writes letters that JSON need not escape as they are, but for quotes and backslashes.
func unescaped(text string) string {
	return escapedLetter().ReplaceAllStringFunc(text, func(e string) string {
		b, _ := hex.DecodeString(e[len(e)-2:]) // two digits, by the pattern
		return string(b)
	})
}

// text returns the text without the secrets in it. JSON stays JSON.
func (s *scrubber) text(text string) string {
	text = unescaped(text)
	s.mu.RLock()
	parsed := s.parsed
	s.mu.RUnlock()
	if parsed != nil {
		text = parsed.Replace(text)
	}
	text = looksLikeJWT().ReplaceAllString(text, removed)
	text = member().ReplaceAllString(text, "${1}\""+removed+"\"")
	text = nestedMember().ReplaceAllString(text, "${1}"+removed)
	text = parameter().ReplaceAllString(text, "${1}${2}"+removed)
	text = bearer().ReplaceAllString(text, "${1}${2}"+removed)
	return echoedHeader().ReplaceAllString(text, "${1}${2}"+removed)
}

// trim takes the beginning of a secret off the end of data that was cut.
func (s *scrubber) trim(data []byte) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, form := range s.forms {
		for n := min(len(form)-1, len(data)); n >= shortestTail; n-- {
			if bytes.HasSuffix(data, []byte(form[:n])) {
				return data[:len(data)-n]
			}
		}
	}
	return data
}

// headers are those of a request or an answer, without the values of those that carry credentials.
func (s *scrubber) headers(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if carriesCredential(name) {
			out[name] = removed
			continue
		}
		out[s.text(name)] = s.text(strings.Join(values, ", "))
	}
	return out
}

func carriesCredential(header string) bool {
	header = strings.ToLower(header)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "subscription-key", "signature"} {
		if strings.Contains(header, part) {
			return true
		}
	}
	return false
}
