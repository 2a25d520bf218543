using System.Text.Json;

namespace Retrieval.Server.Requests;

/// <summary>A request's body, read whole, and when that was.</summary>
/// <param name="Root">The JSON value.</param>
/// <param name="At">Timestamp of the time provider; deadlines count from here.</param>
internal sealed record ReceivedBody(JsonElement Root, long At);
