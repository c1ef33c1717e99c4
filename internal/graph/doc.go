// Package graph speaks to Microsoft Graph: it knows the clouds, signs in, reads the tenant's list of tasks page by page, reads tasks by
// their ids, and makes one $batch call at a time. It decides nothing about tasks: what is sent again, and when, is for its callers.
//
//	session, err := graph.NewCredential(graph.SignIn{Kind: graph.SignInDefault, Cloud: cloud})
//	client := graph.New(graph.Config{Root: root, Credential: session})
//	tasks, err := client.ListTasks(ctx, nil)
//	reply, err := client.Batch(ctx, graph.NewRequestID(), items)
//	answers := reply.Match(len(items)) // nil for an item whose answer is missing or doubled
//
// A call asks the [Credential] for a token, passes the [Recording] (if there is one) and the withholding transport, and comes back as a
// status, headers and a body within bounds. The list, a look and a $batch then read the body into structs. A refusal is an [*Error], whose
// Status decides and whose words are for people; ErrConnection, ErrNotSent, ErrRenewed and ErrSignIn say what is known of a call without
// an answer.
//
// What always holds:
//   - The token goes to the host of Config.Root alone. A redirect is not followed, and neither is a nextLink to another host.
//   - Nothing behind the withholding transport holds a token: no task, no error, no line of a recording.
//   - A write is sent once. Only what reads is asked for again, after the wait that the service asks for by its own clock.
//   - An answer takes bounded memory, and a call bounded time, whatever the service sends.
//   - A list is whole or an error: each task is there once, and one that cannot be understood is there by its id.
//   - With [ReadOnly] below, nothing but GET and HEAD leaves.
package graph
