using System.Buffers;
using System.Net.Mime;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Requests;

/// <summary>A request's body, arrived whole and, where it is to be JSON, found to be it, and when that was.</summary>
/// <param name="Bytes">The JSON text, or what else was sent; empty for a request without a body.</param>
/// <param name="Deadline">The deadline it names, if any; what is not one is refused by name when the body is read.</param>
/// <param name="At">Timestamp of the time provider; deadlines count from here.</param>
internal sealed record ReceivedBody(ReadOnlySequence<byte> Bytes, Deadline? Deadline, long At)
{
    /// <summary>What the body is; anything but JSON is for its endpoint to read.</summary>
    public string MediaType { get; init; } = MediaTypeNames.Application.Json;
}
