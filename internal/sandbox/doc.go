// Package sandbox is a local stand-in for the Intune part of Microsoft Graph: it lists, reads and patches tasks, takes updateStatus and
// $batch, throttles as published, and misbehaves on request. It is the server side only, and shares nothing with the client but the
// table of properties.
//
//	tasks, err := sandbox.Load(file) // or sandbox.Generate(1000, seed)
//	faults, err := sandbox.ParseFaults("outer-503:2=batch,lag~1")
//	server, err := sandbox.New(tasks, sandbox.Options{Faults: faults})
//	l, err := server.Listen("127.0.0.1:0")
//	defer l.Close() // l.URL is the root to call
//
// A request becomes a call. What becomes of it is a [Decision], made by the faults or by Options.Decide: once for the whole call, once for
// each request within it that the limits admit, and once for each task of a page. The state of a task is a record, which is never
// changed: a write makes another one, so that a read can show an earlier state and History can list them all.
//
// What always holds:
//   - Without faults it is the service as published, as far as that is documented; what it does not document, it refuses.
//   - A write takes effect whole or not at all, unless a fault says otherwise.
//   - The same seed, tasks and requests give the same answers, whatever other goroutines ask for meanwhile.
//   - All that it does happens in the time of its testing/synctest bubble, where it is called in one.
//   - It listens on loopback addresses alone.
package sandbox
