using System.Text.Json;

namespace Retrieval.Server.Contracts;

/// <summary>Several searches, answered in order.</summary>
/// <param name="Queries">Searches by <c>caption</c> (for images) or by <c>imageId</c> (for captions).</param>
public sealed record BatchRequest(IReadOnlyList<JsonElement> Queries);
