package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// envelopesOf are envelopes of 20 patches each over the securityConfigurationTasks of a tenant, one after the other.
func envelopesOf(tb testing.TB, tasks []json.RawMessage, members string) []string {
	var all, items []string
	for _, raw := range tasks {
		r, err := newRecord(raw)
		if err != nil {
			tb.Fatal(err)
		}
		if !strings.Contains(r.kind, "securityConfigurationTask") {
			continue
		}
		items = append(items, patchItem(fmt.Sprint(len(items)+1), r.id, members))
		if len(items) == maxItems {
			all, items = append(all, envelope(items...)), nil
		}
	}
	return all
}

// post gives an envelope to the handler itself, so that no connection is measured.
func post(tb testing.TB, s *Server, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/beta/$batch", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		tb.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

// BenchmarkBatch is one $batch of 20 patches of a text, in a tenant of 10,000 tasks without limits.
func BenchmarkBatch(b *testing.B) {
	tasks := Generate(10_000, 1)
	envelopes := envelopesOf(b, tasks, `"assignedTo":"new.name@contoso.com"`)
	serve := func(b *testing.B) *Server {
		s, err := New(tasks, Options{WriteLimit: -1, ReadLimit: -1})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		return s
	}
	b.Run("one at a time", func(b *testing.B) {
		s, n := serve(b), 0
		for b.Loop() {
			post(b, s, envelopes[n%len(envelopes)])
			n++
		}
		if got := s.Stats(); got.Writes != n*maxItems || len(got.Applied) != min(n, len(envelopes))*maxItems {
			b.Fatalf("%d writes, %d tasks changed; want %d writes", got.Writes, len(got.Applied), n*maxItems)
		}
	})
	b.Run("on all processors", func(b *testing.B) {
		s := serve(b)
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				post(b, s, envelopes[n%len(envelopes)])
			}
		})
	})
}
