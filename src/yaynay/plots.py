def draw(conclusion, folder): return []
def draw_overview(v,p): pass
def write_plot_tables(v,c,f): pass
