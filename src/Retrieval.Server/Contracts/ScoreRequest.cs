using System.Text.Json.Serialization;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Contracts;

/// <summary>Pairs to score.</summary>
/// <param name="Pairs">An image by id with a caption by its text or by its id.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ScoreRequest(IReadOnlyList<ScorePair> Pairs);
