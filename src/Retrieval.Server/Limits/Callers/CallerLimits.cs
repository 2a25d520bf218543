using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Retrieval.Server.Access;
using Retrieval.Server.Configuration;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Limits.Callers;

/// <summary>
/// Limits requests and pairs of each caller, so that one cannot take what the others need. Callers of a server without keys are not
/// told apart and not limited here.
/// </summary>
internal sealed class CallerLimits(CallerOptions options, CallerMetrics metrics, IHttpContextAccessor contexts)
{
    // Tokens may name any number of callers. Beyond this many all budgets begin anew, which costs a burst.
    private const int MostBudgets = 10_000;

    private readonly ConcurrentDictionary<(string Caller, LimitKind Kind, double Rate), CallerBudget> _budgets = new();

    /// <summary>Counts a request.</summary>
    /// <exception cref="CallerLimitException">The caller has no more requests.</exception>
    public void TakeRequest(HttpContext context)
    {
        if (Known(context) is { } caller)
        {
            metrics.Request(caller);
            Take(caller, LimitKind.Requests, caller.Key?.RequestsPerSecond ?? options.RequestsPerSecond, 1);
        }
    }

    /// <summary>Counts the work of the request that is being answered, if one is.</summary>
    /// <exception cref="CallerLimitException">The caller has no more pairs.</exception>
    public void TakePairs(long pairs)
    {
        if (contexts.HttpContext is { } context && Known(context) is { } caller)
        {
            metrics.Pairs(caller, pairs);
            Take(caller, LimitKind.Pairs, caller.Key?.PairsPerSecond ?? options.PairsPerSecond, pairs);
        }
    }

    private static Caller? Known(HttpContext context) => Caller.Of(context) is { Kind: not CallerKind.Anyone } caller ? caller : null;

    private void Take(Caller caller, LimitKind kind, double rate, long cost)
    {
        if (rate <= 0)
        {
            return;
        }

        if (_budgets.Count >= MostBudgets)
        {
            _budgets.Clear();
        }

        var budget = _budgets.GetOrAdd((caller.Label, kind, rate), static (key, burst) => new CallerBudget(key.Rate, burst), options.BurstSeconds);
        if (budget.Take(cost) is { } wait)
        {
            metrics.Limited(caller, kind);
            if (!options.DryRun)
            {
                throw new CallerLimitException(kind == LimitKind.Requests ? "requests" : "pairs", rate, wait);
            }
        }
    }
}

/// <summary>What is limited.</summary>
internal enum LimitKind
{
    /// <summary>Requests a second.</summary>
    Requests,

    /// <summary>Pairs a second.</summary>
    Pairs,
}
