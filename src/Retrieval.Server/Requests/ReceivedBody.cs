using System.Buffers;
using System.Net.Mime;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Requests;

/// <summary>A request's body that has arrived completely, validated if it is JSON, and its time of arrival.</summary>
/// <param name="Bytes">The JSON text, or other content; empty for a request without a body.</param>
/// <param name="Deadline">The deadline it contains, if any; an invalid one is refused by name when the body is read.</param>
/// <param name="At">Timestamp of the time provider; deadlines count from here.</param>
internal sealed record ReceivedBody(ReadOnlySequence<byte> Bytes, Deadline? Deadline, long At)
{
    /// <summary>Media type of the body; its endpoint reads anything that is not JSON.</summary>
    public string MediaType { get; init; } = MediaTypeNames.Application.Json;
}
