package graph

import (
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

const removed = "(removed)"

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

// scrub returns the text without what looks like a secret. JSON stays JSON.
func scrub(text string) string {
	text = unescaped(text)
	text = looksLikeJWT().ReplaceAllString(text, removed)
	text = member().ReplaceAllString(text, "${1}\""+removed+"\"")
	text = nestedMember().ReplaceAllString(text, "${1}"+removed)
	text = parameter().ReplaceAllString(text, "${1}${2}"+removed)
	text = bearer().ReplaceAllString(text, "${1}${2}"+removed)
	return echoedHeader().ReplaceAllString(text, "${1}${2}"+removed)
}

// scrubHeaders are those of a request or an answer, without the values of those that carry credentials.
func scrubHeaders(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if carriesCredential(name) {
			out[name] = removed
			continue
		}
		out[scrub(name)] = scrub(strings.Join(values, ", "))
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
