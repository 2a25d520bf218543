using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Queries;

/// <summary>Checks a request's numbers against the configured bounds and fills in what it leaves open.</summary>
internal sealed record RequestLimits(int Top, int Shortlist, int? DeadlineMs)
{
    private const int MostConditions = 32;

    /// <exception cref="InvalidInputException">A number is out of bounds; names the field.</exception>
    public static RequestLimits Of(SearchRequest request, SearchOptions options)
    {
        ArgumentNullException.ThrowIfNull(request);
        var top = Within(request.Top ?? options.DefaultTop, options.MaxTop, "top");
        var shortlist = Within(request.Shortlist ?? Math.Max(options.DefaultShortlist, top), options.MaxShortlist, "shortlist");
        var deadline = request.DeadlineMs is { } ms ? Within(ms, options.MaxDeadlineMs, "deadlineMs") : (int?)null;
        if (request.Filter is { Count: > MostConditions })
        {
            throw new InvalidInputException($"has {request.Filter.Count} conditions; expected at most {MostConditions}", field: "filter");
        }

        foreach (var (key, values) in request.Filter ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            if (values is null || values.Any(value => value is null))
            {
                throw new InvalidInputException("expected a list of texts", field: $"filter.{key}");
            }
        }

        return new RequestLimits(top, Math.Max(shortlist, top), deadline);
    }

    private static int Within(int value, int most, string field) => value >= 1 && value <= most
        ? value
        : throw new InvalidInputException(string.Create(CultureInfo.InvariantCulture, $"is {value}; expected a whole number from 1 to {most}"), field: field);
}
