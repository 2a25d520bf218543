using System.Collections.Concurrent;

namespace Retrieval.Server.Limits.Callers;

/// <summary>
/// The budgets of callers. Tokens may name any number of them, so there is a bound: beyond it those that are full are forgotten, which
/// changes nothing, and as long as none is, new callers share one budget of each kind and rate. Nobody's debt is forgotten, nor when the
/// caller's rate changes.
/// </summary>
/// <param name="burstSeconds">Seconds' worth that a budget holds.</param>
/// <param name="most">Most budgets of callers of their own.</param>
internal sealed class CallerBudgets(double burstSeconds, int most = 10_000)
{
    // No key or token has this name: they are not empty.
    private const string Others = "";

    // Milliseconds: each time all are looked at.
    private const long OnceIn = 1000;

    private readonly ConcurrentDictionary<(string Caller, LimitKind Kind, double? SharedRate), CallerBudget> _budgets = new();
    private readonly Lock _forgetting = new();
    private long _forgotAt = -OnceIn;

    /// <summary>How many there are.</summary>
    public int Count => _budgets.Count;

    /// <summary>The budget of a caller, at the rate that it has now.</summary>
    public CallerBudget Of(string caller, LimitKind kind, double rate)
    {
        if (_budgets.TryGetValue((caller, kind, null), out var known))
        {
            known.UseRate(rate);
            return known;
        }

        if (_budgets.Count >= most)
        {
            ForgetFull();
        }

        return _budgets.GetOrAdd(
            _budgets.Count < most ? (caller, kind, null) : (Others, kind, rate), static (_, of) => new CallerBudget(of.Rate, of.Burst), (Rate: rate, Burst: burstSeconds));
    }

    private void ForgetFull()
    {
        lock (_forgetting)
        {
            if (Environment.TickCount64 - _forgotAt < OnceIn)
            {
                return;
            }

            // Not disposed of: a request may just take from it, and it holds nothing but memory.
            foreach (var (key, budget) in _budgets.Where(budget => budget.Value.IsFull))
            {
                _ = _budgets.TryRemove(KeyValuePair.Create(key, budget));
            }

            _forgotAt = Environment.TickCount64;
        }
    }
}
