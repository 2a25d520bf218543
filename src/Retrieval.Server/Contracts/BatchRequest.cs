using System.Text.Json;
using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>Several searches, answered in order.</summary>
/// <param name="Queries">Searches by <c>caption</c> (for images) or by <c>imageId</c> (for captions). An invalid one does not affect the others.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchRequest(IReadOnlyList<JsonElement> Queries);
