namespace Retrieval.Bench.Load;

/// <summary>Sends the request of a number and waits for what comes of it. Throws only when told to stop.</summary>
internal delegate Task<Exchange> Send(long number, CancellationToken cancellationToken);
