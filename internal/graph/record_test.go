package graph

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// sampleJWT is the shape of a real token; its parts are secret as well. The second is of letters that every form escapes.
var (
	sampleJWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJjb250b3NvIiwidXBuIjoiYWxpY2UifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	opaque    = `op&que+tok/en<with>"all"\kinds=of'letters`
)

// recordOf makes calls through a recording and returns its text and its lines.
func recordOf(t *testing.T, token string, h http.HandlerFunc, calls func(c *Client)) (string, []recordedCall) {
	t.Helper()
	var file bytes.Buffer
	s := serve(t, h)
	record := Record(NewTransport(), &file, "the~client~secret")
	c := s.client(t, Config{Transport: record, Credential: StaticToken(token)})
	calls(c)
	c.Close()
	if err := record.Err(); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	var lines []recordedCall
	for line := range strings.Lines(text) {
		var call recordedCall
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		lines = append(lines, call)
	}
	return text, lines
}

func TestRecordingTellsTheCall(t *testing.T) {
	_, lines := recordOf(t, sampleJWT, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("request-id", "their-id")
		w.Header().Set("Set-Cookie", "session=hush")
		fmt.Fprint(w, `{"responses":[{"id":"1","status":200,"body":{"displayName":"Grüße <&>"}}]}`)
	}, func(c *Client) {
		_, err := c.Batch(ctxOf(t), "my-id", []Item{{ID: "1", Method: "PATCH", URL: TaskURL("a"), Body: json.RawMessage(`{"assignedTo":"bob@contoso.com"}`)}})
		if err != nil {
			t.Error(err)
		}
	})
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	l := lines[0]
	if l.Method != "POST" || !strings.HasSuffix(l.URL, "/beta/$batch") || l.ClientRequestID != "my-id" || l.RequestID != "their-id" ||
		l.Answer == nil || l.Answer.Status != 200 || l.Error != "" || l.Time.IsZero() || l.Seconds <= 0 {
		t.Errorf("%+v", l)
	}
	if got := string(l.Request.Body.JSON); !strings.Contains(got, `"assignedTo":"bob@contoso.com"`) {
		t.Errorf("request %q", got)
	}
	if got := string(l.Answer.Body.JSON); !strings.Contains(got, `"displayName":"Grüße <&>"`) {
		t.Errorf("answer %q", got)
	}
	if l.Request.Headers["Authorization"] != removed || l.Answer.Headers["Set-Cookie"] != removed || l.Request.Headers["Accept"] != "application/json" {
		t.Errorf("headers %v, %v", l.Request.Headers, l.Answer.Headers)
	}
}

// A proxy's page or a debugging service may repeat the token in any form.
func TestRecordingHoldsNoToken(t *testing.T) {
	for _, token := range []string{sampleJWT, opaque} {
		quoted, _ := json.Marshal(map[string]string{"seen": "Bearer " + token})
		forms := map[string]string{
			"page": "<pre>Authorization: Bearer " + html.EscapeString(token) + "</pre>", "plain": token, "JSON": string(quoted),
			"query": "https://login.example/?a=1&x=" + url.QueryEscape(token), "path": url.PathEscape(token),
			"hex": hex.EncodeToString([]byte(token)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(token))),
			"in part": "first line " + token[:len(token)-3],
		}
		for _, before := range []string{"", "B", "Be", "Bearer ", "Authorization: Bearer "} {
			forms["base64 after "+before] = base64.StdEncoding.EncodeToString([]byte(before + token + "\n"))
			forms["URL base64 after "+before] = base64.RawURLEncoding.EncodeToString([]byte(before + token + "??"))
		}
		for name, body := range forms {
			for _, status := range []int{200, 502} {
				text, lines := recordOf(t, token, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Seen", strings.ReplaceAll(body, "\n", " "))
					w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="`+strings.ReplaceAll(body, "\n", " ")+`"`)
					w.WriteHeader(status)
					if name == "in part" {
						w.(http.Flusher).Flush()
						fmt.Fprint(w, body)
						w.(http.Flusher).Flush()
						panic(http.ErrAbortHandler) // the rest of the token never comes
					}
					fmt.Fprint(w, body)
				}, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}) })
				if len(lines) != 1 {
					t.Fatalf("%s: %d lines", name, len(lines))
				}
				if name == "in part" {
					text = lines[0].Answer.Body.Text // the header has the part, which is no whole token
				}
				holdsNothingOf(t, name, text, token)
			}
		}
	}
}

// holdsNothingOf demands that ten letters in a row of no form of the token are in text.
func holdsNothingOf(t *testing.T, name, text, token string) {
	t.Helper()
	var plain any
	for line := range strings.Lines(text) {
		if json.Unmarshal([]byte(line), &plain) == nil {
			text += fmt.Sprint(plain) // as it reads without JSON's escapes
		}
	}
	for _, form := range append(inBase64(token), token, url.QueryEscape(token), html.EscapeString(token), hex.EncodeToString([]byte(token)), strings.ToUpper(hex.EncodeToString([]byte(token)))) {
		for i := 0; i+10 <= len(form); i++ {
			if strings.Contains(text, form[i:i+10]) {
				t.Errorf("%s: %q of the token is in %q", name, form[i:i+10], text)
				return
			}
		}
	}
}

func TestScrubbing(t *testing.T) {
	var s scrubber
	s.learn("the~client~secret")
	s.learn("short")
	for in, want := range map[string]string{
		`{"client_secret":"a\"b","x":1}`:                       `{"client_secret":"(removed)","x":1}`,
		`{"Access_Token" : "abc", "refreshToken":["a","b"]}`:   `{"Access_Token" : "(removed)", "refreshToken":"(removed)"}`,
		`{"m":"{\"password\":\"p\",\"n\":2}"}`:                 `{"m":"{\"password\":\"(removed)\",\"n\":2}"}`,
		`https://x/?sv=1&sig=abc%2Bd&se=2`:                     `https://x/?sv=1&sig=(removed)&se=2`,
		`grant_type=x&client_assertion=abc&scope=y`:            `grant_type=x&client_assertion=(removed)&scope=y`,
		`it is the~client~secret.`:                             `it is (removed).`,
		`{"a":"\u0074he~client~secret"}`:                       `{"a":"(removed)"}`,
		`{"a":"say \u0022hi\u0022 \\u005c"}`:                   `{"a":"say \u0022hi\u0022 \\u005c"}`,
		`a short word`:                                         `a short word`,
		`x eyJhbGciOiJIUzI1NiJ9.e30.abc y`:                     `x (removed) y`,
		`Bearer abcdefgh123, and bearer of news`:               `Bearer (removed), and bearer of news`,
		"Cookie: a=b; c=d\r\nHost: x":                          "Cookie: (removed)\r\nHost: x",
		`{"assignedTo":"alice@contoso.com","status":"active"}`: `{"assignedTo":"alice@contoso.com","status":"active"}`,
		`{"@odata.nextLink":"https://g/x?$skiptoken=aWQ9Nw"}`:  `{"@odata.nextLink":"https://g/x?$skiptoken=aWQ9Nw"}`,
	} {
		if got := s.text(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
	for header, secret := range map[string]bool{"Cookie": true, "X-Api-Key": true, "X-MS-Authorization-Auxiliary": true, "request-id": false, "Content-Type": false} {
		if carriesCredential(header) != secret {
			t.Errorf("%s: %t", header, !secret)
		}
	}
}

func TestRecordingIsBounded(t *testing.T) {
	token := strings.Repeat("0123456789abcdef", 4)
	text, lines := recordOf(t, token, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("é", maxRecorded/2-5), token[:9], token, strings.Repeat("x", 4<<20)) // the cut is in the token
	}, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}) })
	if b := lines[0].Answer.Body; len(text) > maxRecorded+4096 || b.Bytes < 5<<20 || b.Note != "cut after 1 MiB" || len(b.Text) < maxRecorded-100 {
		t.Errorf("%d bytes recorded: %d bytes, note %q, text of %d", len(text), b.Bytes, b.Note, len(b.Text))
	}
	holdsNothingOf(t, "cut", text, token)
}

func TestRecordingOfWhatIsNoText(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"binary": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0xff, 0xfe, 'e', 0, 'y', 0}) },
		"an encoding that nobody asked for": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "plain")
		},
	} {
		_, lines := recordOf(t, sampleJWT, h, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}) })
		if b := lines[0].Answer.Body; b.Text != "" || b.JSON != nil || !strings.HasPrefix(b.Note, "not recorded") || b.Bytes == 0 {
			t.Errorf("%s: %+v", name, b)
		}
	}
	_, lines := recordOf(t, sampleJWT, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the recording keeps the answer from being compressed")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprintf(z, `{"responses":[{"id":"1","status":200,"body":{"a":%q}}]}`, r.Header.Get("Authorization"))
		z.Close()
	}, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}) })
	if got := string(lines[0].Answer.Body.JSON); !strings.Contains(got, removed) || !strings.Contains(got, `"status":200`) {
		t.Errorf("compressed: %q", got)
	}
}

func TestRecordingOfFailures(t *testing.T) {
	_, lines := recordOf(t, sampleJWT, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(c *Client) {
		_, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
		if !errors.Is(err, ErrConnection) {
			t.Errorf("%v", err)
		}
	})
	if len(lines) != 1 || lines[0].Error == "" || lines[0].Answer != nil {
		t.Errorf("%+v", lines)
	}
	var file bytes.Buffer
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a write left") })
	c := s.client(t, Config{Transport: ReadOnly(Record(NewTransport(), &file))})
	if _, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}); !errors.Is(err, errReadOnly) || file.Len() > 0 {
		t.Errorf("%v, recorded %q", err, file.String())
	}
}

// full is a disk without room.
type full struct{ writes int }

func (f *full) Write([]byte) (int, error) { f.writes++; return 0, errors.New("no room") }

func TestRecordingThatCannotBeWritten(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, aPage("", "a")) })
	f := &full{}
	r := Record(NewTransport(), f)
	c := s.client(t, Config{Transport: r})
	for range 2 {
		if tasks, err := c.ListTasks(ctxOf(t), nil); err != nil || len(tasks) != 1 {
			t.Errorf("%d tasks, %v", len(tasks), err)
		}
	}
	if r.Err() == nil || f.writes != 1 {
		t.Errorf("error %v after %d writes", r.Err(), f.writes)
	}
}

func FuzzScrub(f *testing.F) {
	for _, s := range []string{"", sampleJWT, `{"password":"x"}`, `{"a":"\u0070\\u0061"}`, `"sig=1&x`, `{"token":["a"]}`, "Bearer " + opaque, `{"m":"{\"secret\":\"x\\\"y\"}"}`} {
		f.Add(s, sampleJWT)
		f.Add(s, opaque)
	}
	f.Fuzz(func(t *testing.T, text, secret string) {
		if len(text) > 1<<16 || len(secret) > 1<<10 {
			return
		}
		var s scrubber
		s.learn(secret)
		began := time.Now()
		got := s.text(text + secret)
		if len(secret) >= shortestSecret && !strings.Contains(removed, secret) && strings.Contains(got, secret) {
			t.Fatalf("%q is still in %q", secret, got)
		}
		if json.Valid([]byte(text)) && !json.Valid([]byte(s.text(text))) && secret == sampleJWT {
			t.Fatalf("%q is not JSON any more: %q", text, s.text(text))
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("%d letters took %s", len(text), took)
		}
	})
}
