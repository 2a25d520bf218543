using System.Globalization;

namespace Retrieval.Server.Requests;

/// <summary>One step of a location in a JSON text: a member's name, or an item's index.</summary>
internal readonly record struct JsonPathStep(string Name, int? Index)
{
    /// <summary>
    /// The steps of a path in the deserializer's format: <c>$.pairs[1].caption</c>; a name that is not a plain word is written as
    /// <c>['a name']</c>.
    /// </summary>
    public static IEnumerable<JsonPathStep> Steps(string? path)
    {
        // Names in brackets are those of unknown members, so they come last and may contain anything.
        var rest = path is null ? "" : path[1..];
        while (rest.Length > 0)
        {
            if (rest.StartsWith("['", StringComparison.Ordinal))
            {
                yield return new JsonPathStep(rest[2..^2], null);
                yield break;
            }

            var index = rest[0] == '[';
            var end = index ? rest.IndexOf(']', StringComparison.Ordinal) : rest.IndexOfAny(['.', '['], 1);
            var step = end < 0 ? rest[1..] : rest[1..end];
            yield return index ? new JsonPathStep("", int.Parse(step, CultureInfo.InvariantCulture)) : new JsonPathStep(step, null);
            rest = end < 0 ? "" : index ? rest[(end + 1)..] : rest[end..];
        }
    }
}
