package graph

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"taskrecon/internal/task"
)

// plainTask holds the members that a task has, as encoding/json reads them without any of the program's care.
type plainTask struct {
	Type                          string      `json:"@odata.type"`
	ID                            string      `json:"id"`
	DisplayName                   *string     `json:"displayName"`
	Description                   *string     `json:"description"`
	CreatedDateTime               string      `json:"createdDateTime"`
	DueDateTime                   string      `json:"dueDateTime"`
	Category                      string      `json:"category"`
	Priority                      string      `json:"priority"`
	Creator                       *string     `json:"creator"`
	CreatorNotes                  *string     `json:"creatorNotes"`
	AssignedTo                    *string     `json:"assignedTo"`
	Status                        string      `json:"status"`
	EndpointSecurityPolicy        string      `json:"endpointSecurityPolicy"`
	ApplicablePlatform            string      `json:"applicablePlatform"`
	EndpointSecurityPolicyProfile string      `json:"endpointSecurityPolicyProfile"`
	Insights                      *string     `json:"insights"`
	ManagedDeviceCount            int32       `json:"managedDeviceCount"`
	IntendedSettings              []plainPair `json:"intendedSettings"`
}

type plainPair struct {
	Name  string  `json:"name"`
	Value *string `json:"value"`
}

type plainPage struct {
	Value []plainTask `json:"value"`
	Next  string      `json:"@odata.nextLink"`
}

// listSizes are the sizes at which growth is shown; TASKRECON_SLOW adds the million.
func listSizes() []int {
	sizes := []int{1_000, 10_000, 100_000}
	if os.Getenv("TASKRECON_SLOW") != "" {
		sizes = append(sizes, 1_000_000)
	}
	return sizes
}

// plainly reads a list with encoding/json into structs.
func plainly(tb testing.TB, pages *tenantPages) []plainTask {
	var tasks []plainTask
	pages.each(func(body []byte) {
		var p plainPage
		if err := json.Unmarshal(body, &p); err != nil {
			tb.Fatal(err)
		}
		tasks = append(tasks, p.Value...)
	})
	return tasks
}

// list reads a list with read, as ListTasks does once it has the pages.
func list(tb testing.TB, pages *tenantPages, read func(body []byte) (*page, error)) []*task.Task {
	var tasks []*task.Task
	seen := make(map[string]struct{})
	pages.each(func(body []byte) {
		p, err := read(body)
		if err != nil {
			tb.Fatal(err)
		}
		tasks = unseen(tasks, p.Value, seen)
	})
	return tasks
}

// onePass is the program's way of reading a page of the ordinary shape.
func onePass() func([]byte) (*page, error) {
	var decoder task.Decoder
	return func(body []byte) (*page, error) { return ordinaryPage(&decoder, body) }
}

// byMember is its way of reading any other page, and what onePass has to agree with.
func byMember(body []byte) (*page, error) {
	p := new(page)
	return p, json.Unmarshal(body, p)
}

// BenchmarkDecodeList reads the tenant's list from pages in memory. The reference is encoding/json into structs.
func BenchmarkDecodeList(b *testing.B) {
	for _, n := range listSizes() {
		for _, way := range []struct {
			name string
			read func(*tenantPages) int
		}{
			{"reference", func(p *tenantPages) int { return len(plainly(b, p)) }},
			{"onepass", func(p *tenantPages) int { return len(list(b, p, onePass())) }},
			{"bymember", func(p *tenantPages) int { return len(list(b, p, byMember)) }},
		} {
			b.Run(fmt.Sprintf("%s/tasks=%d", way.name, n), func(b *testing.B) {
				pages := newTenantPages(n)
				b.SetBytes(pages.bytes)
				b.ReportAllocs()
				for b.Loop() {
					if got := way.read(pages); got != n {
						b.Fatalf("%d tasks of %d", got, n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
			})
		}
	}
}
