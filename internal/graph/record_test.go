package graph

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// sampleJWT is the shape of a real token. The other is of letters that every form escapes.
var (
	sampleJWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJjb250b3NvIiwidXBuIjoiYWxpY2UifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	opaque    = `op&que+tok/en~with"all"\kinds=of'letters_in%41it`
)

// recordOf makes calls through a recording and returns its text and its lines.
func recordOf(t *testing.T, token string, h http.HandlerFunc, calls func(c *Client)) (string, []recordedCall) {
	t.Helper()
	var file bytes.Buffer
	s := serve(t, h)
	record := NewRecording(&file)
	c := s.client(t, Config{Recording: record, Credential: StaticToken(token)})
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

func TestRecordingShowsTheCall(t *testing.T) {
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

func quotedIn(token string) json.RawMessage {
	raw, _ := json.Marshal(map[string]string{"description": token})
	return raw
}

// A proxy's page or a debugging service may repeat the token in any form.
func TestRecordingHoldsNoToken(t *testing.T) {
	for _, token := range []string{sampleJWT, opaque} {
		for name, form := range formsOf(token) {
			for _, status := range []int{200, 502} {
				_, lines := recordOf(t, token, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Seen", form)
					w.Header().Set("WWW-Authenticate", `Bearer realm="x", error="`+form+`"`)
					w.WriteHeader(status)
					fmt.Fprintf(w, `{"responses":[{"id":"1","status":403,"body":{"error":{"message":%q}}},{"id":"2","status":200,"body":{"x":1}}]}`, form)
				}, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1", Body: quotedIn(token)}}) })
				text := fmt.Sprintf("%+v %s %s %v", lines[0], lines[0].Request.Body.JSON, lines[0].Answer.Body.JSON, lines[0].Answer.Headers)
				if strings.Contains(text, form) || strings.Contains(text, token) || !strings.Contains(text, `"status":403`) || !strings.Contains(text, `{"x":1}`) || strings.Count(text, task.Withheld) != 2 {
					t.Errorf("%s, HTTP %d: %s", name, status, text)
				}
			}
		}
	}
	// What is cut never is a whole token; it is no part of the recording.
	text, lines := recordOf(t, sampleJWT, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "first line ", sampleJWT[:len(sampleJWT)-3])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}, func(c *Client) { _, _ = c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}) })
	if strings.Contains(text, sampleJWT[:20]) || lines[0].Answer.Status != 200 || lines[0].Error == "" {
		t.Errorf("%s", text)
	}
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
	if got := string(lines[0].Answer.Body.JSON); !strings.Contains(got, task.Withheld) || !strings.Contains(got, `"status":200`) {
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
	c := s.client(t, Config{Transport: ReadOnly(NewTransport()), Recording: NewRecording(&file)})
	if _, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}); !errors.Is(err, errReadOnly) || !strings.Contains(file.String(), "refused: this command sends nothing") {
		t.Errorf("%v, recorded %q", err, file.String())
	}
}

// full is a disk without room.
type full struct{ writes int }

func (f *full) Write([]byte) (int, error) { f.writes++; return 0, errors.New("no room") }

func TestRecordingThatCannotBeWritten(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, aPage("", "a")) })
	f := &full{}
	r := NewRecording(f)
	c := s.client(t, Config{Recording: r})
	for range 2 {
		if tasks, err := c.ListTasks(ctxOf(t), nil); err != nil || len(tasks) != 1 {
			t.Errorf("%d tasks, %v", len(tasks), err)
		}
	}
	if r.Err() == nil || f.writes != 1 {
		t.Errorf("error %v after %d writes", r.Err(), f.writes)
	}
}
