using Retrieval.Domain.Errors;
using Retrieval.Inference;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// The bundles that may be served and the model that is: finds the model that an index was made with, loads it if need be, and
/// shares the one that is served with further indexes. One thread at a time changes it; any may share.
/// </summary>
internal sealed class ModelRepository
{
    private readonly SnapshotOptions _options;
    private readonly IReadOnlyList<string> _bundles;
    private readonly ModelRepository? _main;
    private readonly string _index;
    private SharedModel? _only;
    private volatile SharedModel? _served;

    /// <summary>The models of the served index.</summary>
    public ModelRepository(SnapshotOptions options)
        : this(options, null, "")
    {
    }

    /// <summary>The models of a further index, which loads none: it shares the one that is served.</summary>
    /// <param name="options">The bundles.</param>
    /// <param name="main">The models of the served index.</param>
    /// <param name="index">Name of the further index.</param>
    public ModelRepository(SnapshotOptions options, ModelRepository? main, string index)
    {
        (_options, _main, _index) = (options, main, index);
        _bundles = BundleSet.Split(options.Bundle);
    }

    /// <summary>The model that is served, or else the only one, once it is loaded.</summary>
    public SharedModel? Current => _served ?? _only;

    /// <summary>Whether there is one bundle, so that its model is known before the index is.</summary>
    public bool HasOnlyOne => _main is null && _bundles.Count <= 1;

    /// <summary>Reads the manifests of the bundles.</summary>
    /// <exception cref="InvalidBundleException">One is missing or cannot be read.</exception>
    public BundleSet ReadBundles() => BundleSet.Read(_bundles);

    /// <summary>Loads the only bundle, unless that has been done.</summary>
    /// <exception cref="RetrievalException">It cannot be loaded.</exception>
    public SharedModel LoadOnly() => Current ?? (_only = new SharedModel(MatchingModel.Load(_options.Bundle, _options.Inference)));

    /// <summary>
    /// The current model, if the fingerprint is its own; otherwise another, loaded or shared now, which the caller releases unless
    /// it is served.
    /// </summary>
    /// <returns>Null if no bundle has the fingerprint.</returns>
    /// <exception cref="RetrievalException">The bundle cannot be loaded; or a further index is not of the bundle that is served.</exception>
    public SharedModel? Find(string fingerprint)
    {
        if (Current is { } current && current.Model.Fingerprint == fingerprint)
        {
            return current;
        }

        return _main is { } main ? main.Share(fingerprint, _index) : Load(fingerprint);
    }

    /// <summary>Makes a model the one that is served; null for none.</summary>
    /// <returns>The former one, whose hold the caller releases.</returns>
    public SharedModel? Serve(SharedModel? model)
    {
        var former = Current;
        (_only, _served) = (null, model);
        return former;
    }

    private SharedModel? Load(string fingerprint)
    {
        if (ReadBundles().FolderOf(fingerprint) is not { } folder)
        {
            return null;
        }

        var model = MatchingModel.Load(folder, _options.Inference);
        if (model.Fingerprint != fingerprint)
        {
            model.Dispose();
            throw new InvalidBundleException(folder, $"it was replaced while it was being loaded: its fingerprint is {model.Fingerprint}, a moment ago it was {fingerprint}");
        }

        return new SharedModel(model);
    }

    // Without a lock: a further index must not wait for the served one while it holds its own.
    private SharedModel Share(string fingerprint, string index)
    {
        while (_served is { } model)
        {
            if (model.Model.Fingerprint != fingerprint)
            {
                throw new OtherBundleException(index, fingerprint, model.Model.Label);
            }

            if (model.TryHold())
            {
                return model;
            }
        }

        throw new NotReadyException();
    }
}
