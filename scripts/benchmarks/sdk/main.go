// Command sdk is the reference of scripts/bench: it sends the patches of a CSV (id, assignedTo) to a stand-in through the batch
// collections of Microsoft's own Go SDK, and prints its requests and seconds.
//
// Usage: sdk GRAPH_URL FILE.csv
package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	kiotajson "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sdk GRAPH_URL FILE.csv")
		os.Exit(64)
	}
	if err := send(os.Args[1]+"/beta", os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sdk:", err)
		os.Exit(1)
	}
}

// counted carries the calls with the token that any stand-in takes.
type counted struct{ calls atomic.Int64 }

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	r.Header.Set("Authorization", "Bearer sandbox")
	return http.DefaultTransport.RoundTrip(r)
}

func send(root, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	serialization.DefaultSerializationWriterFactoryInstance.ContentTypeAssociatedFactories["application/json"] = kiotajson.NewJsonSerializationWriterFactory()
	serialization.DefaultParseNodeFactoryInstance.ContentTypeAssociatedFactories["application/json"] = kiotajson.NewJsonParseNodeFactory()
	wire := &counted{}
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, core.GraphClientOptions{}, nil, nil, &http.Client{Transport: wire})
	if err != nil {
		return err
	}
	adapter.SetBaseUrl(root)
	began := time.Now()
	patches, refused, err := patchAll(adapter, rows[1:])
	if err != nil {
		return err
	}
	fmt.Printf("{\"patches\":%d,\"refused\":%d,\"requests\":%d,\"seconds\":%.3f}\n", patches, refused, wire.calls.Load(), time.Since(began).Seconds())
	return nil
}

func patchAll(adapter *core.GraphRequestAdapterBase, rows [][]string) (patches, refused int, err error) {
	collection := core.NewBatchRequestCollectionWithLimit(adapter, len(rows))
	for _, row := range rows {
		r := abstractions.NewRequestInformation()
		r.Method = abstractions.PATCH
		r.UrlTemplate = "{+baseurl}/deviceAppManagement/deviceAppManagementTasks/" + row[0]
		if r.Content, err = json.Marshal(map[string]string{"@odata.type": "#microsoft.graph.securityConfigurationTask", "assignedTo": row[1]}); err != nil {
			return 0, 0, err
		}
		r.Headers.Add("Content-Type", "application/json")
		if _, err := collection.AddBatchRequestStep(*r); err != nil {
			return 0, 0, err
		}
	}
	answer, err := collection.Send(context.Background(), adapter)
	if err != nil {
		return 0, 0, err
	}
	for _, a := range answer.GetResponses() {
		if *a.GetStatus()/100 != 2 {
			refused++
		}
	}
	return len(rows), refused, nil
}
