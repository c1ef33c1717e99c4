package batch_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
)

// willing is a service in memory that carries out every patch, and answers with the task.
type willing struct{ patches atomic.Int64 }

func (w *willing) Batch(_ context.Context, _ string, items []graph.Item) (*graph.Reply, error) {
	w.patches.Add(int64(len(items)))
	reply := &graph.Reply{RequestID: "r", Date: "Tue, 24 Nov 2026 12:00:00 GMT", RetryAfter: -1}
	for _, it := range items {
		id := it.URL[strings.LastIndexByte(it.URL, '/')+1:]
		body := `{"id":"` + id + `","displayName":"Turn on BitLocker","description":"On the devices in scope.","createdDateTime":"2026-01-02T03:04:05.0000000Z",` +
			`"dueDateTime":"2026-11-02T03:04:05.0000000Z","category":"advancedThreatProtection","priority":"low","creator":"alice@contoso.com","creatorNotes":null,` +
			`"endpointSecurityPolicy":"diskEncryption","managedDeviceCount":3,"intendedSettings":[{"name":"RequireDeviceEncryption","value":"1"}],` + string(it.Body[1:])
		reply.Answers = append(reply.Answers, graph.Answer{ID: it.ID, Status: http.StatusOK, Body: json.RawMessage(body)})
	}
	return reply, nil
}

// tally counts what is recorded.
type tally struct{ sent, applied atomic.Int64 }

func (c *tally) Sending(e diff.Envelope) error {
	c.sent.Add(int64(len(e.Changes)))
	return nil
}

func (c *tally) Part(diff.Part) error { return nil }
func (c *tally) Sync() error          { return nil }

func (c *tally) Result(r diff.Result) error {
	if r.Outcome == diff.Applied {
		c.applied.Add(1)
	}
	return nil
}

// BenchmarkSend is the sending of 1,000 changes without limits to a service that costs nothing: the sender's own work.
func BenchmarkSend(b *testing.B) {
	const n = 1000
	r := newRun(n)
	b.ReportAllocs()
	for b.Loop() {
		service, rec := new(willing), new(tally)
		stats, err := batch.Send(context.Background(), r.changes, service, rec, r.o)
		if err != nil || stats.Patches != n || service.patches.Load() != n || rec.sent.Load() != n || rec.applied.Load() != n {
			b.Fatalf("%+v, %v: %d patches, %d recorded, %d applied; want %d", stats, err, service.patches.Load(), rec.sent.Load(), rec.applied.Load(), n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/change")
}
