using System.Text.Json;

namespace Retrieval.Server.Requests;

/// <summary>A request's body as the endpoints read it.</summary>
/// <param name="Root">The JSON value.</param>
internal sealed record ParsedBody(JsonElement Root);
