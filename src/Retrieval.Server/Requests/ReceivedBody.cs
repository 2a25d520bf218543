using System.Buffers;

namespace Retrieval.Server.Requests;

/// <summary>A request's body, arrived whole and found to be JSON, and when that was.</summary>
/// <param name="Bytes">The JSON text; empty for a request without a body.</param>
/// <param name="DeadlineMs">The deadline it names, if any; what is not one is refused by name when the body is read.</param>
/// <param name="At">Timestamp of the time provider; deadlines count from here.</param>
internal sealed record ReceivedBody(ReadOnlySequence<byte> Bytes, int? DeadlineMs, long At);
