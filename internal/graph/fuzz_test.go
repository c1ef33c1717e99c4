package graph

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzReadPage: a page is an error, or a list of tasks without gaps.
func FuzzReadPage(f *testing.F) {
	for _, s := range []string{
		"", "{}", "null", `{"value":[]}`, `{"value":null}`, `{"value":[null]}`, `{"value":[{"id":"a"}],"@odata.nextLink":"https://g/x"}`, `{"VALUE":[{"ID":7}]}`,
		`{"value":[{"id":"a","intendedSettings":[{"name":"n","value":null}],"managedDeviceCount":1e99}]}`, `{"value":[],"value":[{}]}`, `{"value":[{"id":"\ud800"}]}` + "\xff", "<html>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readPage(body)
		if (p == nil) == (err == nil) {
			t.Fatalf("page %v with error %v", p, err)
		}
		if err != nil {
			if len(err.Error()) > 1<<14 {
				t.Fatalf("an error of %d letters", len(err.Error()))
			}
			return
		}
		if p.Value == nil {
			t.Fatal("a page without a list")
		}
		for _, one := range p.Value {
			if one == nil {
				t.Fatal("a task that is none")
			}
		}
	})
}

// FuzzNextLink: no reference makes a call to another place than the client's own.
func FuzzNextLink(f *testing.F) {
	for _, s := range []string{"", "/x", "//evil/x", "https://graph.example/beta/x?$skiptoken=1", "https://GRAPH.example:443/", "https://graph.example@evil/", "https://graph.example:443@evil:443/", "http://graph.example/", "https://graph.example\\@evil/", "https://graph.example%2eevil/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		c := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Scheme != "https" || !strings.EqualFold(r.URL.Hostname(), "graph.example") || (r.URL.Port() != "" && r.URL.Port() != "443") || r.URL.User != nil || r.Host != r.URL.Host {
				t.Errorf("%q led to a call of %s (Host %s)", link, r.URL, r.Host)
			}
			return response(200, "{}"), nil
		})})
		_, err := c.call(t.Context(), http.MethodGet, link, "id", nil)
		if err != nil {
			noToken(t, err.Error())
		}
	})
}

// FuzzIdentify: a token tells something of itself or nothing; it never upsets the program.
func FuzzIdentify(f *testing.F) {
	for _, payload := range []string{"", "null", "[]", `{"tid":7}`, `{"tid":"../../x","upn":"a","roles":["b","a"],"exp":1e99}`, `{"exp":-1,"iat":"x","scp":"a  b","aud":["",null]}`} {
		f.Add("e30", payload, "sig")
	}
	f.Fuzz(func(t *testing.T, header, payload, signature string) {
		for _, token := range []string{payload, header + "." + payload + "." + signature, header + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + signature} {
			id := Identify(token)
			if _, err := id.Expires.MarshalJSON(); err != nil {
				t.Errorf("%q: %v", token, err)
			}
			if signature := strings.Trim(signature, "."); len(signature) > 20 && !strings.Contains(payload, signature) && strings.Contains(id.Tenant+id.Actor+id.App, signature) {
				t.Errorf("%q: the signature shows", token)
			}
		}
	})
}

// FuzzRetryAfter: a wait is negative for none, and never longer than LongestWait.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "0.249", "315", "-1", "1e400", "NaN", "Inf", "0x1p-2", "1_0", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", " 5 "} {
		f.Add(s, int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, value string, now int64) {
		d := retryAfter(value, time.Unix(now%(1<<33), 0))
		if d > LongestWait || (d < 0 && d != -1) {
			t.Errorf("%q: %s", value, d)
		}
		if p := Pause(d, 3); p < 0 || p > LongestWait {
			t.Errorf("%q: a pause of %s", value, p)
		}
	})
}

// FuzzServerDate: a date is in UTC and can be written down, or it is none.
func FuzzServerDate(f *testing.F) {
	for _, s := range []string{"", "Wed, 21 Oct 2026 07:28:00 GMT", "2026-10-21T07:28:00", "2026-10-21T07:28:00.1234567+14:00", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59", "now"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := ServerDate(text)
		if at.IsZero() {
			return
		}
		if _, err := at.MarshalJSON(); err != nil || at.Location() != time.UTC {
			t.Errorf("%q: %s, %v", text, at, err)
		}
	})
}
