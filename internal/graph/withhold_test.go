package graph

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"taskrecon/internal/task"
)

// formsOf are texts in which the token is written in the ways that are looked for.
func formsOf(token string) map[string]string {
	quoted, _ := json.Marshal(token)
	twice, _ := json.Marshal(string(quoted))
	var letters, percent strings.Builder
	for i := range len(token) {
		fmt.Fprintf(&letters, []string{"\\u00%02x", "\\u00%02X"}[i%2], token[i])
		fmt.Fprintf(&percent, []string{"%%%02X", "%%%02x"}[i%2], token[i])
	}
	forms := map[string]string{
		"as it is": "Bearer " + token, "after a percent sign": "100%" + token, "JSON": string(quoted), "JSON in JSON": string(twice),
		"JSON, slashes too": strings.ReplaceAll(string(quoted), "/", `\/`), "JSON, each letter": "x" + letters.String(), "JSON in JSON, each letter": strings.ReplaceAll(letters.String(), `\`, `\\`),
		"query": "a=1&x%3D" + url.QueryEscape(token), "path": url.PathEscape(token), "each letter by percent": percent.String(),
		"percent twice": url.QueryEscape(url.QueryEscape(token)), "hex": hex.EncodeToString([]byte(token)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(token))),
	}
	if parts := strings.Split(token, "."); len(parts) == 3 {
		forms["the signature"] = "signature " + parts[2]
		forms["the signature in base64"] = base64.StdEncoding.EncodeToString([]byte("sig:" + parts[2] + "\n"))
	}
	for _, before := range []string{"", "B", "Be", "Bearer ", "Authorization: Bearer "} {
		std := base64.StdEncoding.EncodeToString([]byte(before + token + "\n"))
		forms["base64 after "+before] = std
		forms["base64 for addresses after "+before] = base64.RawURLEncoding.EncodeToString([]byte(before + token + "??"))
		forms["base64, escaped, after "+before] = strings.NewReplacer("+", `\u002B`, "/", `\/`).Replace(std)
		forms["base64 in an address after "+before] = url.QueryEscape(std)
	}
	return forms
}

func TestTokensAreFound(t *testing.T) {
	const other = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ0aWQiOiJjb250b3NvIiwidXBuIjoiYWxpY2UifQ.another-signature-of-another-token"
	for _, token := range []string{sampleJWT, opaque, strings.Repeat("0123456789abcdef", 100)} {
		g := &withholding{}
		g.learn(token)
		g.learn("a later token, of another hour")
		for name, form := range formsOf(token) {
			if !g.holds([]byte("begin " + form + " end")) {
				t.Errorf("%s: not found in %q", name, form)
			}
		}
		for name, form := range formsOf(other) {
			if g.holds([]byte(form)) {
				t.Errorf("%s: found in %q", name, form)
			}
		}
	}
	g := &withholding{}
	g.learn(sampleJWT)
	if wide := strings.ReplaceAll(sampleJWT, "", "\x00"); !g.holds([]byte(wide)) {
		t.Error("not found in UTF-16")
	}
	for _, short := range []string{"", "secret", "fifteen-letters", "e30.e30.c2ln"} {
		if g.learn(short); g.holds([]byte("a text with " + short)) {
			t.Errorf("%q is looked for", short)
		}
	}
	g.learn("header.payload-of-this.sig")
	if g.holds([]byte("sig")) || !g.holds([]byte("header.payload-of-this.sig")) {
		t.Error("a token with a short signature is not looked for whole")
	}
}

// inString is a form as it is written within a JSON string.
func inString(form string) string {
	if json.Valid([]byte(`"` + form + `"`)) {
		return form
	}
	quoted, _ := json.Marshal(form)
	return string(quoted[1 : len(quoted)-1])
}

// echo makes an answer of the token of the request, in one of its forms.
func echo(t *testing.T, form string, answer func(w http.ResponseWriter, form string)) *Client {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+sampleJWT {
			t.Errorf("called with %q", got)
		}
		answer(w, formsOf(sampleJWT)[form])
	}).client(t, Config{Credential: StaticToken(sampleJWT)})
}

// TestItemsThatHoldTheToken: only the status is left of an item that holds it, wherever in it; the others are as ever.
func TestItemsThatHoldTheToken(t *testing.T) {
	for form := range formsOf(sampleJWT) {
		for where, held := range map[string]string{
			"an error": `"status":%d,"headers":{"request-id":"r"},"body":{"error":{"code":"x","message":"seen: %s"}}`,
			"a header": `"status":%d,"headers":{"request-id":"%s","Retry-After":"99"},"body":{"id":"a"}`,
			"a name":   `"status":%d,"headers":{},"body":{"id":"a","x%s":1}`,
			"a task":   `"status":%d,"headers":{},"body":{"id":"a","description":"%s"}`,
			"a member": `"status":%d,"more":["%s"],"body":{"id":"a"}`,
		} {
			for _, status := range []int{200, 204, 403, 429} {
				c := echo(t, form, func(w http.ResponseWriter, form string) {
					form = inString(form)
					w.Header().Set("request-id", "outer")
					w.Header().Set("X-Echo", strings.ReplaceAll(form, "\n", ""))
					fmt.Fprintf(w, `{"responses":[{"id":"1","status":200,"body":{"id":"b"}},{"id":"2",`+held+`},{"id":"3","status":404}],"echo":"%s"}`, status, form, form)
				})
				reply, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
				if err != nil || len(reply.Answers) != 3 || reply.RequestID != "outer" {
					t.Fatalf("%s, %s: %+v, %v", form, where, reply, err)
				}
				whole, a := reply.Answers[0], reply.Answers[1]
				if whole.Withheld || string(whole.Body) != `{"id":"b"}` || reply.Answers[2].Withheld {
					t.Errorf("%s, %s: another item became %+v", form, where, whole)
				}
				if !a.Withheld || a.ID != "2" || a.Status != status || a.Body != nil || a.Header("request-id") != "" || a.Err().Error() != (&Error{Status: status, Message: task.Withheld}).Error() || a.Err().RetryAfter >= 0 {
					t.Errorf("%s, %s: %+v, %v", form, where, a, a.Err())
				}
				if _, err := a.Task("a"); err == nil || !strings.Contains(err.Error(), task.Withheld) {
					t.Errorf("%s, %s: read as a task: %v", form, where, err)
				}
				c.Close()
			}
		}
	}
}

// An item whose id or status cannot be known without the token is as one that is missing.
func TestItemsWhoseIdHoldsTheToken(t *testing.T) {
	c := echo(t, "as it is", func(w http.ResponseWriter, form string) {
		fmt.Fprintf(w, `{"responses":[{"id":"%[1]s","status":200},{"id":"2","status":"%[1]s"},{"id":"3","status":200}]}`, form)
	})
	reply, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	if m := reply.Match(3); m[0] != nil || m[1] != nil || m[2] == nil || strings.Contains(fmt.Sprintf("%+v", reply), sampleJWT) {
		t.Errorf("%+v", reply)
	}
}

// TestAnswersThatHoldTheToken: an outer answer without items is refused whole, by its status.
func TestAnswersThatHoldTheToken(t *testing.T) {
	for form := range formsOf(sampleJWT) {
		for status, bodies := range map[int][]string{
			200: {`%s`, `{"seen":"%s"}`, `{"responses":"%s"}`, `{"responses":{"1":"%s"}}`, `{"%s":1}`, `["%s"]`},
			403: {`<pre>%s</pre>`, `{"error":{"code":"x","message":"%s"}}`, `{"error":{"code":"x","message":"m","innerError":{"request-id":"%s"}}}`},
			502: {`%s`},
		} {
			for _, body := range bodies {
				c := echo(t, form, func(w http.ResponseWriter, form string) {
					w.Header().Set("Retry-After", "3")
					w.Header().Set("request-id", strings.ReplaceAll(form, "\n", ""))
					w.WriteHeader(status)
					fmt.Fprintf(w, body, form)
				})
				_, batch := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
				_, page := firstPage(ctxOf(t), c)
				for _, err := range []error{batch, page} {
					var refused *Error
					switch {
					case err == nil || strings.Contains(err.Error(), sampleJWT[40:]) || strings.Contains(err.Error(), formsOf(sampleJWT)[form]):
						t.Errorf("%s in %s with HTTP %d: %v", form, body, status, err)
					case errors.As(err, &refused) != (status != 200), refused != nil && (refused.Status != status || refused.Message != task.Withheld || refused.RequestID != "" || refused.RetryAfter <= 0):
						t.Errorf("%s in %s with HTTP %d: %+v, %v", form, body, status, refused, err)
					}
				}
				if status == 200 && !errors.Is(batch, ErrConnection) {
					t.Errorf("%s in %s: %v; nothing certain is known of the call", form, body, batch)
				}
				c.Close()
			}
		}
	}
}

// TestTasksThatHoldTheToken: of a task of a list its id is left, and the list goes on.
func TestTasksThatHoldTheToken(t *testing.T) {
	for form := range formsOf(sampleJWT) {
		for where, member := range map[string]string{
			"a property": `"description":"%s"`, "a name": `"x%s":1`, "a member of no concern": `"more":{"a":["%s"]}`, "the type": `"@odata.type":"#%s"`,
		} {
			c := echo(t, form, func(w http.ResponseWriter, form string) {
				form = inString(form)
				fmt.Fprintf(w, `{"@odata.context":"%[1]s","value":[{%[2]s,"id":"a","status":"active"},{"displayName":"shown","id":"b",`+strings.Replace(member, "%s", "%[1]s", 1)+`},{%[2]s,"id":"c"}]}`, form, managed)
			})
			tasks, err := c.ListTasks(ctxOf(t), nil)
			if err != nil || len(tasks) != 3 {
				t.Fatalf("%s in %s: %d tasks, %v", form, where, len(tasks), err)
			}
			if a, b := tasks[0], *tasks[1]; a.Withheld() || !a.Managed() || a.Get(task.Status).String() != "active" || !b.Withheld() || b != (task.Task{ID: "b", Type: task.Withheld}) || tasks[2].Withheld() {
				t.Errorf("%s in %s: %+v, %+v", form, where, a, b)
			}
			c.Close()
		}
	}
}

// TestLooksThatHoldTheToken: a task that is read by its id is not known where the answer holds it, not even that there is none.
func TestLooksThatHoldTheToken(t *testing.T) {
	for form := range formsOf(sampleJWT) {
		for body, status := range map[string]int{
			`{"id":"a","description":"%s"}`: 200, `{"value":[],"id":"a","description":"%s"}`: 200, `{"id":"a","x%s":1}`: 200,
			`{"error":{"message":"no task for %s"}}`: 404, `{"error":{"message":"denied, %s"}}`: 403,
		} {
			c := echo(t, form, func(w http.ResponseWriter, form string) {
				w.WriteHeader(status)
				fmt.Fprintf(w, body, inString(form))
			})
			looks, err := c.Tasks(ctxOf(t), []string{"a"}, nil)
			if err != nil || looks[0].Task != nil || looks[0].Err == nil || !strings.Contains(looks[0].Err.Error(), task.Withheld) {
				t.Errorf("%s in %s: %+v, %v", form, body, looks, err)
			}
			c.Close()
		}
	}
}

// TestListsThatHoldTheToken: a list that cannot be read on without it ends in an error that does not name it.
func TestListsThatHoldTheToken(t *testing.T) {
	for name, page := range map[string]string{
		"a nextLink":           `{"value":[{"id":"a"}],"@odata.nextLink":"http://127.0.0.1/beta/x?$skiptoken=%s"}`,
		"the host of nextLink": `{"value":[{"id":"a"}],"@odata.nextLink":"http://%s/"}`,
		"no list":              `{"value":"%s"}`,
	} {
		c := echo(t, "as it is", func(w http.ResponseWriter, form string) { fmt.Fprintf(w, page, form) })
		_, err := firstPage(ctxOf(t), c)
		if wantError(t, err, task.Withheld); strings.Contains(err.Error(), sampleJWT[40:]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnnamedTasksThatHoldTheToken: a task that cannot be named without it is one that cannot be understood.
func TestUnnamedTasksThatHoldTheToken(t *testing.T) {
	for _, page := range []string{`{"value":[{"id":"x%s"},{"id":"b"}]}`, `{"value":["%s",{"id":"b"}]}`} {
		c := echo(t, "as it is", func(w http.ResponseWriter, form string) { fmt.Fprintf(w, page, form) })
		p, err := firstPage(ctxOf(t), c)
		if err != nil || len(p.Value) != 2 || p.Value[0].ID != "" || p.Value[0].Managed() || strings.Contains(fmt.Sprintf("%+v", p.Value[0]), sampleJWT[40:]) || p.Value[1].ID != "b" {
			t.Errorf("%s: %+v, %v", page, p, err)
		}
	}
}

// TestReferencesThatHoldTheToken: neither a redirect nor what is no HTTP shows it.
func TestReferencesThatHoldTheToken(t *testing.T) {
	for _, location := range []string{"https://login.example/?x=%s", "https://%s.example/", "%s"} {
		c := echo(t, "as it is", func(w http.ResponseWriter, form string) {
			w.Header().Set("Location", fmt.Sprintf(location, strings.TrimPrefix(form, "Bearer ")))
			w.WriteHeader(http.StatusFound)
		})
		_, err := firstPage(ctxOf(t), c)
		if wantError(t, err, "the service redirects"); strings.Contains(err.Error(), sampleJWT[40:]) {
			t.Error(err)
		}
	}
	signature := sampleJWT[strings.LastIndex(sampleJWT, ".")+1:]
	for _, answer := range []string{
		"%s HTTP\r\n\r\n", "HTTP/1.1 %s\r\n\r\n", "HTTP/1.1 200 OK\r\n%s\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n", "HTTP/1.1 200 %s\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n%s\r\n\r\n",
	} {
		addr := rawService(t, func(conn net.Conn) { fmt.Fprintf(conn, answer, sampleJWT) })
		c := New(Config{Root: root(t, "http://"+addr), Credential: StaticToken(sampleJWT)})
		_, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
		if wantError(t, err, "no whole answer"); strings.Contains(err.Error(), signature) {
			t.Errorf("%q: %v", answer, err)
		}
		c.Close()
	}
}

// TestOldTokensAreWithheld: a token that was used before is as secret as the one in use.
func TestOldTokensAreWithheld(t *testing.T) {
	calls := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"responses":[{"id":"1","status":400,"body":{"error":{"message":"%s-0"}}}]}`, secret)
	}).client(t, Config{})
	if _, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1", Method: http.MethodGet}}); !errors.Is(err, ErrRenewed) {
		t.Errorf("the first token: %v", err)
	}
	reply, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1", Method: http.MethodGet}})
	if err != nil || !reply.Answers[0].Withheld {
		t.Errorf("%+v, %v", reply, err)
	}
}

// TestByteOrderMark: one before JSON is read over.
func TestByteOrderMark(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "\xef\xbb\xbf"+`{"value":[{"id":"a"}],"responses":[{"id":"1","status":204}]}`)
	}).client(t, Config{})
	tasks, err := c.ListTasks(ctxOf(t), nil)
	if err != nil || len(tasks) != 1 {
		t.Errorf("%d tasks, %v", len(tasks), err)
	}
	if reply, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}}); err != nil || len(reply.Answers) != 1 {
		t.Errorf("%+v, %v", reply, err)
	}
}

// FuzzClean: no body holds a token once it is cleaned, and one that held none is as it was.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", `{"responses":[{"id":"1","status":200,"body":{}}]}`, `{"value":[{"id":"a"}]}`, `{"VALUE":[1,null],"responses":{}}`, `{"a":"\u00`, "%", `\`, "<html>"} {
		f.Add(s, 3)
		f.Add(s, len(s)/2)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		g := &withholding{}
		g.learn(sampleJWT)
		if got := g.clean([]byte(text)); !g.holds([]byte(text)) && string(got) != text {
			t.Fatalf("%q became %q", text, got)
		}
		at = min(max(at, 0), len(text))
		got := g.clean([]byte(text[:at] + sampleJWT + text[at:]))
		if g.holds(got) || !json.Valid(got) {
			t.Fatalf("%q at %d became %q", text, at, got)
		}
	})
}
