namespace Retrieval.Server.Audit;

/// <summary>One change, or an attempt at one. Neither captions nor features, metadata or keys are part of it.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Target">To what; its kind and <c>not read</c> if the request was refused before its body was read; empty if the path names nothing.</param>
/// <param name="Caller">By whom.</param>
/// <param name="Remote">Address of the connection: of a proxy, where one is in front.</param>
/// <param name="Status">The HTTP status of the answer: below 300 it was done.</param>
/// <param name="TraceId">The request's trace id, which the log and the answer have too.</param>
internal sealed record AuditEntry(string Action, string Target, string Caller, string Remote, int Status, string TraceId);
