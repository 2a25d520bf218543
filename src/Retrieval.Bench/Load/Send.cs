namespace Retrieval.Bench.Load;

/// <summary>Sends the request with the given number and waits for its outcome. Throws only when told to stop.</summary>
internal delegate Task<Exchange> Send(long number, CancellationToken cancellationToken);
