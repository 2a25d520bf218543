namespace Retrieval.Inference.Scheduling;

/// <summary>
/// What of one kind is admitted and not yet done, and whose it is. Beyond the bound a flow is still admitted if it holds nothing, and up
/// to its equal share among the flows that hold something, so that a caller who fills the room does not shut out the others; together at
/// most four times the bound. Why four: flows that come one after the other, each up to its share, hold the bound times 1 + 1/2 + 1/3 + …,
/// which passes twice the bound with four of them and four times the bound with 31. What a flow returns beyond its share it does not get
/// again. Not thread-safe.
/// </summary>
public sealed class AdmissionRoom
{
    private const int MostOverBound = 4;

    private readonly Dictionary<string, long> _byFlow = new(StringComparer.Ordinal);
    private long _ofNobody;

    /// <summary>What is held in all.</summary>
    public long Held { get; private set; }

    /// <summary>Takes an amount, if there is room for it.</summary>
    /// <param name="amount">How much is asked for.</param>
    /// <param name="most">The bound.</param>
    /// <param name="flow">Whose it is; null for nobody's in particular, who have no share of their own.</param>
    public bool TryTake(long amount, long most, string? flow)
    {
        if (Held + amount > most && !(flow is not null && Held + amount <= MostOverBound * most && (HeldBy(flow) == 0 || HeldBy(flow) + amount <= most / FlowsWith(flow))))
        {
            return false;
        }

        Change(amount, flow);
        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(long amount, string? flow) => Change(-amount, flow);

    private long HeldBy(string flow) => _byFlow.GetValueOrDefault(flow);

    private int FlowsWith(string flow) => _byFlow.Count + (_byFlow.ContainsKey(flow) ? 0 : 1) + (_ofNobody > 0 ? 1 : 0);

    private void Change(long amount, string? flow)
    {
        Held += amount;
        if (flow is null)
        {
            _ofNobody += amount;
        }
        else if (HeldBy(flow) + amount is > 0 and var held)
        {
            _byFlow[flow] = held;
        }
        else
        {
            _byFlow.Remove(flow);
        }
    }
}
