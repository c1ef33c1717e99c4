package graph

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"taskrecon/internal/task"
)

// Bounds that no answer may break. The largest body that is read is 32 MiB, and reading makes it grow by copying.
const (
	hostileMemory = 400 << 20
	hostileTime   = 30 * time.Second
)

// peak runs f and returns the most memory that the heap took meanwhile beyond what it held before, and the time.
func peak(f func()) (most uint64, took time.Duration) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var top atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				top.Store(max(top.Load(), m.HeapAlloc))
			}
		}
	}()
	began := time.Now()
	f()
	took = time.Since(began)
	close(done)
	<-ended
	return max(top.Load(), before) - before, took
}

// endless writes the text until the client has gone, or 2 GiB are through, which no client should take.
func endless(w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 1+(1<<20)/len(text)))
	for sent := 0; sent < 2<<30; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// hostileAnswers are what a service that means harm might answer with 200 to any call.
var hostileAnswers = map[string]http.HandlerFunc{
	"an endless list":            func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":[`); endless(w, `{"id":"x"},`) },
	"an endless string":          func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":[],"a":"`); endless(w, "x") },
	"endless space":              func(w http.ResponseWriter, _ *http.Request) { endless(w, "                ") },
	"an endless error":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400); endless(w, "no! ") },
	"a list 100,000 levels deep": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("[", 100_000)) },
	"a task 100,000 levels deep": func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"value":[{"id":"a","x":`, strings.Repeat(`{"a":`, 100_000), "1", strings.Repeat("}", 100_000), `}],"responses":[`, strings.Repeat("[", 100_000), strings.Repeat("]", 100_000), `]}`)
	},
	"a gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprint(z, `{"value":[],"responses":[],"a":"`)
		endless(z, "0")
	},
	"gzip that is none": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, `{"value":[],"responses":[]}`)
	},
	"HTML":              func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") },
	"nothing":           func(http.ResponseWriter, *http.Request) {},
	"null":              func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "null") },
	"a number":          func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("9", 100_000)) },
	"nulls":             func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":null,"responses":null}`) },
	"values of no list": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":{"id":1},"responses":"none"}`) },
	"two values":        func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":[]}{"value":[]}`) },
	"bad UTF-8 beyond":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "\xff\xfe{\x00}") },
	"a redirect": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "//evil.example/x")
		w.WriteHeader(308)
	},
	"a redirect to \x7f": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[::1")
		w.WriteHeader(302)
	},
}

// TestHostileAnswers: whatever comes, both kinds of call end with an error that says so, in bounded memory and time.
func TestHostileAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("behind the race detector these bounds of time mean nothing")
	}
	for name, h := range hostileAnswers {
		t.Run(name, func(t *testing.T) {
			c := serve(t, h).client(t, Config{CallTimeout: hostileTime})
			for what, call := range map[string]func() error{
				"page":  func() error { _, err := firstPage(t.Context(), c); return err },
				"batch": func() error { _, err := c.Batch(t.Context(), "id", []Item{{ID: "1"}}); return err },
			} {
				var err error
				memory, took := peak(func() { err = call() })
				if wantError(t, err); err != nil && len(err.Error()) > 8000 {
					t.Errorf("%s: an error of %d letters", what, len(err.Error()))
				}
				if memory > hostileMemory || took > hostileTime {
					t.Errorf("%s: %d MiB and %s, want %d MiB and %s at most", what, memory>>20, took, hostileMemory>>20, hostileTime)
				}
			}
		})
	}
}

// firstPage asks once for the first page of the list.
func firstPage(ctx context.Context, c *Client) (*page, error) {
	body, err := c.tryPage(ctx, c.versionRoot()+TasksPath)
	if err != nil {
		return nil, err
	}
	return readPage(body)
}

// TestHostileTasks: a task whose members are of the wrong types is there all the same, and costs the others nothing.
func TestHostileTasks(t *testing.T) {
	for _, task := range []string{
		`null`, `"a"`, `7`, `[]`, `{}`, `{"id":7}`, `{"id":null}`, `{"id":["a"]}`, `{"id":"a","status":{}}`, `{"id":"a","status":[1]}`, `{"id":"a","managedDeviceCount":1e400}`,
		`{"id":"a","managedDeviceCount":"many"}`, `{"id":"a","dueDateTime":5}`, `{"id":"a","intendedSettings":{"x":1}}`, `{"id":"a","intendedSettings":[1,"b",null,[]]}`,
		`{"id":"a","@odata.type":{}}`, `{"id":"a","displayName":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		body := `{"value":[` + task + `,{"id":"last","status":"active","@odata.type":"#microsoft.graph.securityConfigurationTask"}]}`
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }).client(t, Config{})
		p, err := firstPage(ctxOf(t), c)
		if err != nil || len(p.Value) != 2 || p.Value[0].Managed() || !p.Value[1].Managed() {
			t.Errorf("%.60s: %v (%v)", task, p, err)
		}
	}
}

// TestHostileSlowness: a service that answers a byte at a time is given up when the call's time is over.
func TestHostileSlowness(t *testing.T) {
	for name, head := range map[string]string{"in the body": "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "in the headers": "HTTP/1.1 200 OK\r\nX: "} {
		addr := rawService(t, func(conn net.Conn) {
			io.WriteString(conn, head)
			for range 600 {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		c := New(Config{Root: root(t, "http://"+addr), Credential: &tokens{}, CallTimeout: 400 * time.Millisecond})
		began := time.Now()
		_, err := c.Batch(t.Context(), "id", []Item{{ID: "1"}})
		if wantError(t, err); !errors.Is(err, ErrConnection) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %s", name, err, time.Since(began))
		}
	}
}

// rawService speaks to every client without any HTTP server in between, once the request's headers are in.
func rawService(t *testing.T, speak func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var request bytes.Buffer
				for buf := make([]byte, 4096); !bytes.Contains(request.Bytes(), []byte("\r\n\r\n")); {
					n, err := conn.Read(buf)
					if request.Write(buf[:n]); err != nil {
						return
					}
				}
				speak(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// TestHostileProtocol: what is no HTTP, or HTTP without measure, is a lost answer in bounded memory.
func TestHostileProtocol(t *testing.T) {
	repeat := func(head, text string) func(net.Conn) {
		return func(conn net.Conn) { io.WriteString(conn, head); endless(conn, text) }
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, speak := range map[string]func(net.Conn){
		"no HTTP":               repeat("", "garbage "),
		"endless headers":       repeat(ok, "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
		"an endless header":     repeat(ok+"X-A: ", "a"),
		"endless cookies":       repeat(ok, "Set-Cookie: a=bbbbbbbbbbbbbbbbbbbbbbb\r\n"),
		"endless 1xx":           repeat("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
		"a bad chunk":           repeat(ok+"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "x"),
		"a chunk beyond 64 bit": repeat(ok+"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "x"),
		"an endless chunk size": repeat(ok+"Transfer-Encoding: chunked\r\n\r\n", "0"),
		"an endless trailer":    repeat(ok+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "X: aaaaaaaaaaaaa\r\n"),
		"two lengths":           repeat(ok+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "x"),
		"a length below zero":   repeat(ok+"Content-Length: -1\r\n\r\n", "x"),
	} {
		c := New(Config{Root: root(t, "http://"+rawService(t, speak)), Credential: &tokens{}, CallTimeout: hostileTime})
		var err error
		memory, took := peak(func() { _, err = c.Batch(t.Context(), "id", []Item{{ID: "1"}}) })
		c.Close()
		if wantError(t, err); !errors.Is(err, ErrConnection) || len(err.Error()) > 8000 {
			t.Errorf("%s: %.300v", name, err)
		}
		if memory > hostileMemory || took > hostileTime {
			t.Errorf("%s: %d MiB and %s", name, memory>>20, took)
		}
	}
}

// TestHostileCookies: thousands of cookies in an answer that is whole otherwise do no harm, and none goes back.
func TestHostileCookies(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for i := range 5000 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=v; Path=/", i))
		}
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie came back")
		}
		fmt.Fprint(w, aPage("", "a"))
	})
	c := s.client(t, Config{})
	for range 2 {
		if tasks, err := c.ListTasks(ctxOf(t), nil); err != nil || len(tasks) != 1 {
			t.Errorf("%d tasks, %v", len(tasks), err)
		}
	}
}

// TestHostileReferences: neither a redirect nor a nextLink takes the token, or any call at all, to another place.
func TestHostileReferences(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) {})
	other := strings.TrimPrefix(elsewhere.URL, "http://")
	var target string
	var redirect bool
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if redirect {
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		next, _ := json.Marshal(target)
		fmt.Fprintf(w, `{"value":[{"id":"a"}],"@odata.nextLink":%s}`, next)
	})
	own := strings.TrimPrefix(s.URL, "http://")
	for _, target = range []string{
		"http://" + other + "/x", "//" + other + "/x", "http://" + own + "@" + other + "/x", "http://user:pass@" + own + "/x", "https://" + own + "/x",
		`http:\\` + other + `\x`, "http://" + other + "#@" + own, "ftp://" + own + "/x", "file:///etc/passwd", "javascript:alert(1)", "/beta/x", "x", "?a",
		"http://" + own + ".evil.example/x", "http:///x", "http://[::1]:1/x", "http://" + own + "/\r\nHost: " + other, "http://" + own + " /", "\x00",
		strings.Repeat("http://", 100_000),
	} {
		for _, redirect = range []bool{false, true} {
			before := len(s.requests())
			var err error
			if c := s.client(t, Config{}); redirect {
				_, err = firstPage(ctxOf(t), c) // an unreadable one counts as a lost answer, and would be asked for again
			} else {
				var tasks []*task.Task
				if tasks, err = c.ListTasks(ctxOf(t), nil); tasks != nil {
					t.Errorf("%.80q: an unfinished list was handed out", target)
				}
			}
			wantError(t, err)
			if got := len(s.requests()) - before; got != 1 {
				t.Errorf("%.80q (redirect %t): %d calls, want 1", target, redirect, got)
			}
		}
	}
	for _, r := range elsewhere.requests() {
		t.Errorf("another place was called: %s %s, Authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}
}
